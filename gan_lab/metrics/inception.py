"""The space that FID was defined in."""

from torch import Tensor

from gan_lab.errors import LabError
from gan_lab.media.image import to_bytes
from gan_lab.metrics.features import Activations, FeatureNetwork


class InceptionFeatures(FeatureNetwork):
    """Inception v3 as FID was defined: 2048 features, 1008 logits without bias.

    The weights are torch-fidelity's port of the original ones, fetched once
    and kept in torch's hub folder. Images are resized to 299×299 and grey ones
    repeated to three channels; on MNIST these features mean little.

    References:
        GANs Trained by a Two Time-Scale Update Rule Converge to a Local Nash
        Equilibrium (Heusel et al. 2017), arXiv 1706.08500.

    Args:
        weights: A file of the weights where they cannot be downloaded.

    Raises:
        LabError: If torch-fidelity is not installed or the weights cannot be had.
    """

    name = "inception"
    digest = "pt_inception-2015-12-05-6726825d"
    num_features = 2048
    num_classes = 1008

    def __init__(self, weights: str | None = None) -> None:
        super().__init__()
        try:
            from torch_fidelity.feature_extractor_inceptionv3 import FeatureExtractorInceptionV3
        except ImportError as error:
            raise LabError(
                "metrics/features=inception needs torch-fidelity: pip install torch-fidelity; "
                "or choose metrics/features=mnist, which needs no download"
            ) from error
        layers = ["2048", "logits_unbiased"]
        try:
            self.inception = FeatureExtractorInceptionV3("inception", layers, weights)
        except (OSError, RuntimeError) as error:
            raise LabError(
                f"the weights of Inception cannot be read or downloaded ({error}); give the file "
                "as metrics.features.weights=PATH, or choose metrics/features=mnist"
            ) from error

    def forward(self, samples: Tensor) -> Activations:
        if samples.ndim != 4 or samples.shape[1] not in (1, 3):
            raise LabError(
                f"inception takes images of 1 or 3 channels, got shape {list(samples.shape[1:])}"
            )
        images = to_bytes(samples)
        features, logits = self.inception(images.expand(-1, 3, -1, -1).contiguous())
        return Activations(features, logits)
