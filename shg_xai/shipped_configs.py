"""``_base_ = 'shg_xai::shg_coco.py'``: the package's own configs by name, as ``mmpose::`` names MMPose's.

MMEngine does so for OpenMMLab's projects alone, and looks beside a package's metadata, where an editable one is not.
"""

from pathlib import Path

PREFIX = 'shg_xai::'
# Where mim looks, too; in a clone it holds links.
SHIPPED = Path(__file__).parent / '.mim'


def find_shipped_configs() -> None:
    """Let MMEngine's ``Config`` find them."""
    from mmengine import Config

    theirs = Config._get_cfg_path
    if theirs.__module__ == __name__:
        return

    def config_path(cfg_path: str, filename: str) -> tuple[str, str | None]:
        if not cfg_path.startswith(PREFIX):
            return theirs(cfg_path, filename)
        return str(SHIPPED / 'configs' / cfg_path.removeprefix(PREFIX)), None

    Config._get_cfg_path = staticmethod(config_path)
