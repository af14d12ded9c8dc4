"""Names of `settings` and `decomposition.decompose`."""

from foursplit.diagnosis.decomposition.decompose import estimates as estimates
from foursplit.diagnosis.settings import Settings as Settings
