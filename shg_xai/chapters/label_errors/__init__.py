"""Which annotations look wrong, and should be looked at by a person?"""

TITLE, ORDER = 'Labels that look wrong', 70
UNSEEN = True
METHODS = {
    'Labels that look wrong': 'Of each label it is asked whether left and right are exchanged in the whole person, or '
    'in one limb (a joint and its mirror image, or two or three such pairs in a row); whether a joint was put '
    'elsewhere; whether a flag does not fit, labelled where the heatmap finds nothing or not labelled where it '
    'finds the joint; whether the box cuts labelled joints off. Copies of the labels are damaged in each of these '
    'ways, and gradient-boosted trees learn, on other photos, to tell damaged copies from labels as they are: by '
    'how the label fits the prediction before and after exchange, how high the heatmaps are, how well the rest of '
    'the person fits, and whether limbs are as long as predicted. The score is the logarithm of how many times '
    'likelier this is of a damaged label than of one as it is. Persons whom the network finds hard look like the '
    'latter, and so do not come first. All kinds make one score, in which a flag or a box counts a tenth of a joint '
    'in a wrong place; what does not find the damage it was made for is left out. Flags are judged by confident '
    'learning (Northcutt et al., Journal of Artificial Intelligence Research 70, 2021): how likely the other flag '
    'is, by heatmaps of other photos’ persons.'
}
