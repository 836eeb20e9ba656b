"""Will people connect? Tries every road to a running server, and says what to do where one is closed."""

from tertulia.doctor.examination import Options, examine
from tertulia.doctor.finding import Finding, State
from tertulia.doctor.report import Report

__all__ = ["Finding", "Options", "Report", "State", "examine"]
