"""The comparison with other servers: what the generator said, as a table and as pictures."""

import json
import subprocess
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from bench.peers import comparison, plot, tables
from bench.peers.comparison import Case, Contestant, Outcome, Results
from bench.peers.peer import Missing, Running, done, why

FLOOR = """
| CPU-µs per packet, bare loop | 20 viewers | 500 viewers |
|---|---|---|
| one at a time | 1.13 | 1.10 |
| GSO of 5 | 0.55 | 1.20 |
"""


def figures(cpu: float, loss: float = 0.0) -> dict[str, Any]:
    return {
        "cpu_us_per_packet": cpu, "packet_delay_ms": {"p50": 1.0, "p99": 2.0}, "frame_delay_ms": {"p50": 0.5, "p99": 1.5},
        "loss": loss, "overload": loss > 0, "server_cpu": 0.25, "memory_kb_per_client": 100.4, "joins_per_second": 40.0,
        "join_ms": {"p50": 30.0, "p99": 60.0},
    }  # fmt: skip


def outcome(*of: dict[str, Any]) -> Outcome:
    return Outcome(figures=list(of))


def said(one: dict[str, Any], reason: str = "") -> str:
    lines = [json.dumps(one), "a line for a person"]
    return "\n".join([*lines, f"INVALID: {reason}"] if reason else lines)


def never_started(folder: Path, core: int) -> AbstractContextManager[Running]:
    raise AssertionError("must not be started")


def contestant(name: str) -> Contestant:
    return Contestant(name, "1.0", "native", "as it is", never_started)


class TestWhatTheGeneratorSaid:
    def test_a_run_that_may_be_believed_counts(self) -> None:
        taken = Outcome()
        comparison.take(said(figures(3.0)), "", taken)
        assert (len(taken.figures), taken.failures, taken.invalid) == (1, [], [])
        assert taken.is_held

    def test_a_server_that_lost_packets_has_a_result(self) -> None:
        taken = Outcome()
        comparison.take(said(figures(3.0, loss=0.042), "4 of 100 packets lost"), "", taken)
        assert len(taken.figures) == 1
        assert not taken.is_held

    def test_a_generator_that_was_too_slow_says_nothing_of_the_server(self) -> None:
        taken = Outcome()
        comparison.take(said(figures(3.0), "the generator sent 9.0 ms late (p99)"), "", taken)
        assert (taken.figures, taken.invalid) == ([], ["the generator sent 9.0 ms late (p99)"])
        assert taken.is_held

    @pytest.mark.parametrize(
        ("stdout", "stderr", "reason"),
        [
            ("INVALID: client 7: no media in time", "", "client 7: no media in time"),
            ("", "a panic", "a panic"),
            ("", "", "nothing came of it"),
        ],
    )
    def test_a_server_that_does_not_take_its_viewers_has_a_reason(self, stdout: str, stderr: str, reason: str) -> None:
        taken = Outcome()
        comparison.take(stdout, stderr, taken)
        assert taken.failures == [reason]
        assert not taken.is_held


def test_a_server_that_failed_with_fewer_viewers_is_spared_more() -> None:
    fewer, more, meeting = Case("fanout-50-spaced", 50), Case("fanout-300-spaced", 300), Case("meeting-6")
    results: Results = {case.name: {"slow": Outcome()} for case in (fewer, more, meeting)}
    results[fewer.name]["slow"].figures.append(figures(90.0, loss=0.3))
    assert comparison.beaten_by(results, "slow", more) == 50
    assert comparison.beaten_by(results, "slow", fewer) is None
    assert comparison.beaten_by(results, "slow", meeting) is None


def test_nothing_begins_after_the_time_is_over(tmp_path: Path) -> None:
    results = comparison.compare([contestant("tertulia")], comparison.CASES, 1, 1.0, [0], 0.0, tmp_path)
    assert [one["tertulia"].figures for one in results.values()] == [[]] * len(comparison.CASES)


def test_an_installation_that_fails_tells_why(tmp_path: Path) -> None:
    with pytest.raises(Missing, match=r"^sh -c: out of reach$"):
        done(("sh", "-c", "echo first; echo 'out of reach'; exit 1"), tmp_path)
    with pytest.raises(Missing, match="no-such-program is not installed"):
        done(("no-such-program",), tmp_path)
    of_npm = "npm error ERROR: no worker\nnpm error A complete log of this run can be found in: /somewhere"
    assert why(of_npm) == "ERROR: no worker"
    assert why("") == "it failed"


class TestTheTable:
    def rows(self, **by_server: Outcome) -> list[list[str]]:
        lines = tables.table({"fanout-20-spaced": by_server}).splitlines()[2:]
        return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]

    def test_it_has_medians_and_our_part_of_each_peers_cost(self) -> None:
        ours, theirs = self.rows(
            tertulia=outcome(figures(3.0), figures(9.0), figures(4.0)), mediasoup=outcome(figures(10.0))
        )
        assert ours[:4] == ["fanout-20-spaced", "tertulia", "4.00", ""]
        assert theirs[2:] == ["10.00", "0.40", "1.0 / 2.0", "0.5 / 1.5", "0", "25", "100", "40", "30 / 60"]
        assert {len(ours), len(theirs)} == {len(tables.HEAD)}

    def test_losses_are_told(self) -> None:
        _, always, once = self.rows(
            tertulia=outcome(figures(3.0)),
            slow=outcome(figures(10.0, loss=0.042)),
            moody=outcome(figures(10.0), figures(10.0, loss=0.001), figures(10.0)),
        )
        assert always[6] == "4.2 %"
        assert once[6] == "0 (some in 1 of 3 runs)"

    def test_a_failure_takes_the_place_of_figures(self) -> None:
        _, failed, absent = self.rows(
            tertulia=outcome(figures(3.0)), slow=Outcome(failures=["no media in time"] * 2), late=Outcome()
        )
        assert failed[2] == "no media in time"
        assert absent[2] == "not run"
        assert len(failed) == len(tables.HEAD)

    def test_who_is_not_there_is_named_with_the_reason(self) -> None:
        text = tables.versions([contestant("tertulia")], {"galene": "go is not installed"})
        assert text.splitlines() == ["* tertulia 1.0: as it is", "* galene: not compared: go is not installed"]


class TestPictures:
    def test_the_floor_is_the_best_loop(self) -> None:
        assert plot.floor_of(FLOOR) == {20: 0.55, 500: 1.10}
        assert plot.floor_of("") == {}

    def test_each_server_has_its_line_and_the_same_figures_give_the_same_picture(self, tmp_path: Path) -> None:
        results: Results = {
            "fanout-20-spaced": {"tertulia": outcome(figures(7.0)), "janus": outcome(figures(30.0))},
            "fanout-500-spaced": {"tertulia": outcome(figures(3.0)), "janus": Outcome(failures=["too many"])},
            "meeting-6": {"tertulia": outcome(figures(5.0)), "janus": outcome(figures(25.0))},
        }
        texts = []
        for number in range(2):
            plot.fanout(results, plot.floor_of(FLOOR), tmp_path / f"{number}.svg")
            plot.others(results, tmp_path / f"others-{number}.svg")
            texts.append((tmp_path / f"{number}.svg").read_text())
            assert "meeting-6" in (tmp_path / f"others-{number}.svg").read_text()
        assert texts[0] == texts[1]
        words = {element.text for element in ElementTree.fromstring(texts[0]).iter() if element.text}
        assert {"tertulia", "janus", "bare loop", "viewers"} <= words


@pytest.mark.soak
@pytest.mark.timeout(300)
@pytest.mark.parametrize("name", comparison.PEERS)
@pytest.mark.parametrize("case", ["fanout-4-spaced", "meeting-3", "speakers-2-3"])
def test_a_peer_that_is_there_forwards_to_everybody(name: str, case: str, tmp_path: Path) -> None:
    """Needs `cargo build --release -p tertulia-bench-load`. What is not there is left out of the comparison, too."""
    peer, root = comparison.PEERS[name], Path(__file__).resolve().parents[2]
    try:
        peer.version()
    except Missing as reason:
        pytest.skip(str(reason))
    with peer.started(tmp_path, 0) as running:
        run = subprocess.run(
            (
                root / "target" / "release" / "tertulia-bench-load", "--kind", peer.kind, "--server", running.signalling,
                "--server-pid", str(running.pid), "--case", case, "--seconds", "2",
            ),
            capture_output=True,
            text=True,
            timeout=120,
        )  # fmt: skip
    taken = Outcome()
    comparison.take(run.stdout, run.stderr, taken)
    assert taken.failures == []
    # A machine with other work may lose some, and be late.
    one = json.loads(run.stdout.splitlines()[0])
    assert one["packets_expected"] > 0
    assert one["loss"] < 0.5
