"""What each code of a finding or an answer means, and what to do; docs/findings.md has them all."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Code:
    """The meaning of a code, its remedy, and where the idea is from."""

    title: str
    meaning: str
    remedy: str
    source: str = ""


CODES = {
    "ST000": Code(
        title="no gap is significant",
        meaning="Each gap may be chance, or is smaller than what counts (`min_gap`, `min_gain`).",
        remedy="Stop here, or enlarge the split whose interval is the widest.",
        source="MLY ch. 7",
    ),
    "ST001": Code(
        title="avoidable bias",
        meaning="Train error is above the human level by more than chance and the threshold.",
        remedy="A bigger model, longer training or less regularisation.",
        source="DLS C3 W1; MLY ch. 25",
    ),
    "ST002": Code(
        title="variance",
        meaning="Unseen examples of train's distribution have a higher error than train.",
        remedy="More training data, regularisation or augmentation.",
        source="DLS C3 W1; MLY ch. 27",
    ),
    "ST003": Code(
        title="data mismatch",
        meaning="Dev has a higher error than train-dev, which is of train's distribution.",
        remedy="Read dev errors, and collect or synthesize training examples like them.",
        source="DLS C3 W2; MLY ch. 41-42",
    ),
    "ST004": Code(
        title="overfitting to dev",
        meaning="Test has a higher error than dev, beyond luck and a harder test.",
        remedy="A larger or a new dev set.",
        source="DLS C3 W1; MLY ch. 7",
    ),
    "ST005": Code(
        title="variance or mismatch",
        meaning="Dev has a higher error than train, and nothing separates the two causes.",
        remedy="Hold out a train-dev set, or enlarge the one there is.",
        source="DLS C3 W2; MLY ch. 40",
    ),
    "ST006": Code(
        title="parts of a mismatch",
        meaning="How much of the mismatch is harder for people too, and how much is the model's.",
        remedy="Work on the model's own part.",
        source="DLS C3 W2",
    ),
    "ST007": Code(
        title="a sum that includes bias",
        meaning="Only the sum of contiguous gaps is significant, and bias is one of them.",
        remedy="Enlarge the split that the finding names.",
        source="MLY ch. 40",
    ),
    "ST009": Code(
        title="better than the reference",
        meaning="Dev error is below the human level, which then bounds bias no longer.",
        remedy="Find the subsets on which people are still better.",
        source="DLS C3 W1; MLY ch. 35",
    ),
    "ST010": Code(
        title="few groups",
        meaning="A split has so few groups that its interval is not to be relied on.",
        remedy="More groups (patients, speakers, sessions), not more rows of the same ones.",
    ),
    "ST011": Code(
        title="a small dev set",
        meaning="Dev is too small to detect the smallest gain that matters.",
        remedy="Enlarge dev to the size that the finding names.",
        source="DLS C3 W1; MLY ch. 7",
    ),
    "ST012": Code(
        title="train error not comparable",
        meaning="Unseen examples are easier than train, which one distribution does not allow.",
        remedy="Score train without dropout and augmentation; check the split.",
    ),
    "ST013": Code(
        title="columns left out",
        meaning="There are more columns `meta.*` than can be searched for slices.",
        remedy="Put the columns that you suspect first.",
    ),
    "ST014": Code(
        title="the baseline is not beaten",
        meaning="The model is not significantly better than the constant answer of train.",
        remedy="Where a class is rare choose a metric that sees it; else check inputs and labels, "
        "or enlarge dev.",
        source="MLY ch. 8; MLS C2 W3",
    ),
    "ST016": Code(
        title="declared one distribution, and dev differs from train-dev",
        meaning="Dev error is farther from that on train-dev than chance allows.",
        remedy="Check the split, duplicates and order; else do not declare one distribution.",
        source="MLY ch. 41",
    ),
    "ST017": Code(
        title="one example with most of the error",
        meaning="One example has more than half of dev's loss.",
        remedy="Check it first, and compare models without it.",
    ),
    "ST018": Code(
        title="one seed",
        meaning="Two trained models were compared, not two ways to train.",
        remedy="Train each with several seeds, and compare folders with a folder for each seed.",
    ),
    "ST020": Code(
        title="a stale Eyeball set",
        meaning="The examples that were read no longer err like the rest of dev.",
        remedy="Draw and read new ones: `foursplit error-sheet`.",
        source="MLY ch. 17-18",
    ),
    "ST030": Code(
        title="leakage",
        meaning="Examples of two splits share a group or their content.",
        remedy="Split by group, and remove duplicates.",
    ),
    "ST031": Code(
        title="labels of dev corrected, those of test not",
        meaning="The same process must go over both, or they measure different things.",
        remedy="Audit and correct test in the same way.",
        source="DLS C3 W2; MLY ch. 16",
    ),
    "ST032": Code(
        title="classes that train lacks",
        meaning="Dev or test holds classes that train does not, which no model can answer.",
        remedy="Collect training examples of them, or leave them out of dev and test.",
    ),
    "ST033": Code(
        title="train is not before dev",
        meaning="Rows that the model learnt from are later than rows it is measured on.",
        remedy="Split by time: `protocol: time` in params.yaml.",
    ),
    "ST040": Code(
        title="seeds differ on train",
        meaning="Trainings that differ in the seed alone reach different train errors.",
        remedy="Other initial weights, learning rate, width or epochs; then more seeds.",
        source="DLS C2 W1",
    ),
    "ST050": Code(
        title="parts of a system",
        meaning="Whether the system, and each of its components, is at human level.",
        remedy="Measure the error of the system, of each component and of people.",
        source="MLY ch. 53-57",
    ),
    "ST052": Code(
        title="the parts are at human level, the system is not",
        meaning="Every component does its task as well as people, so the design is at fault.",
        remedy="Redesign the pipeline: other components, or other inputs to them.",
        source="MLY ch. 57",
    ),
    "ST060": Code(
        title="a source of data",
        meaning="Whether more data of another source, or synthesized, help on target dev.",
        remedy="Compare the error on target dev with and without it.",
        source="MLY ch. 37, 43",
    ),
    "ST061": Code(
        title="synthesized data from too few sources",
        meaning="The network can memorise what the data were made of.",
        remedy="Use more sources, and hold some out to measure it.",
        source="DLS C3 W2; MLY ch. 43",
    ),
    "ST062": Code(
        title="transfer learning",
        meaning="Whether the tasks share inputs and features, and the source has more data.",
        remedy="Compare training from scratch, of the last layers and of all layers.",
        source="DLS C3 W2",
    ),
    "ST063": Code(
        title="weight of source examples",
        meaning="The weight at which source and target domain count alike.",
        remedy="Tune it on target dev from there.",
        source="MLY ch. 39",
    ),
    "ST064": Code(
        title="inconsistent sources",
        meaning="The same input has different answers in two sources.",
        remedy="Add the source as a feature, or leave it out.",
        source="MLY ch. 38",
    ),
    "ST065": Code(
        title="allocation to splits",
        meaning="How many examples of which domain each split gets.",
        remedy="Dev and test from the target domain alone.",
        source="DLS C3 W2; MLY ch. 5, 36",
    ),
    "ST070": Code(
        title="multi-task learning",
        meaning="Whether tasks share features, and have similar amounts of data.",
        remedy="Compare one network for all with one for each.",
        source="DLS C3 W2",
    ),
    "ST071": Code(
        title="softmax where several labels are true",
        meaning="A softmax allows one label, and several can hold at once.",
        remedy="A sigmoid for each label.",
        source="DLS C3 W2",
    ),
    "ST080": Code(
        title="end-to-end or by parts",
        meaning="Whether one network from input to answer has the data that it needs.",
        remedy="Compare both systems on the same examples, and their learning curves.",
        source="DLS C3 W2; MLY ch. 47-52",
    ),
}
