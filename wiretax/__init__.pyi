from wiretax.api import Comparison as Comparison
from wiretax.api import Ratio as Ratio
from wiretax.api import Run as Run
from wiretax.api import RunNotFoundError as RunNotFoundError
from wiretax.api import Runs as Runs
from wiretax.api import across_rounds as across_rounds
from wiretax.api import capacities as capacities
from wiretax.api import compare as compare
from wiretax.api import deliveries as deliveries
from wiretax.api import layers as layers
from wiretax.api import load_runs as load_runs
from wiretax.api import queues as queues
from wiretax.api import read_run as read_run
from wiretax.api import summarise as summarise

__version__: str
__all__: list[str]
