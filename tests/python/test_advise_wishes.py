"""bqb.advice.wishes and quantities: what somebody knows of a pipeline, from options and from
a file; bqb.advice.pipeline: what cannot both be meant, and what is assumed."""

import math
import random

import pytest
from bqb import CommandError, exit_status
from bqb.advice import quantities, wishes
from bqb.advice.pipeline import MOST_THREADS_PER_CORE, pipeline_of
from bqb.advice.quantities import Pace
from bqb.advice.wishes import INPUTS, as_toml, from_file, from_words, joined

# Two words for each input, of which the second overrides the first.
WORDS = {
    "producers": ("2", "3"),
    "consumers": ("4", "256"),
    "producer_mean": ("300k/s", "1.5us"),
    "consumer_mean": ("5us", "1,000.5/s"),
    "cv": ("0", "0.5"),
    "producer_cv": ("1.25", "10"),
    "consumer_cv": ("2", ".5"),
    "producer_work": ("cpu", "wait"),
    "consumer_work": ("wait", "cpu"),
    "mode": ("open", "closed"),
    "producer_p50": ("5us", "6 us"),
    "producer_p99": ("7ms", "0.1s"),
    "consumer_p50": ("5µs", "6μs"),
    "consumer_p99": ("20us", "1m"),
    "producer_trace": ("/a b", '/quo"te\\back\nline é'),
    "consumer_trace": ("/5", "/#"),
    "recording": ("/r.rec", "/\x7f\t"),
    "recording_mode": ("open", "closed"),
    "burst": ("50", "1000000"),
    "longest_stall": ("2ms", "1h"),
    "when_full": ("wait", "drop"),
    "max_wait": ("1ms", "999ns"),
    "message_bytes": ("64B", "1MiB"),
    "memory": ("1kB", "2.5GiB"),
    "cores": ("0.5", "4096"),
    "idle_cpu": ("none", "all"),
    "order": ("global", "per_producer"),
    "element": ("movable", "trivial"),
    "needs": ("close", "timeouts, close"),
    "must_not_block": ("producer", "consumer"),
}


def refusal(call, *arguments):
    """The one line with which a call is refused as wrong usage."""
    with pytest.raises(CommandError) as error:
        call(*arguments)
    assert error.value.status == exit_status.USAGE
    said = str(error.value)
    assert len(said.splitlines()) == 1 and len(said) < 400, said
    return said


def pipeline(cores_here=2, **words):
    return pipeline_of(from_words(words), cores_here)


# ------------------------------------------------------------------------------------------- units


@pytest.mark.parametrize(
    "read, word, value",
    [
        (quantities.duration_ns, "5us", 5e3),
        (quantities.duration_ns, "5µs", 5e3),  # the micro sign
        (quantities.duration_ns, "5μs", 5e3),  # the Greek letter
        (quantities.duration_ns, "1.5 ms", 1.5e6),
        (quantities.duration_ns, "2m", 120e9),
        (quantities.size_bytes, "1kB", 1000),
        (quantities.size_bytes, "1KiB", 1024),
        (quantities.size_bytes, "1_000B", 1000),
        (quantities.message_bytes, "1MiB", 2**20),
        (quantities.rate_per_s, "300k/s", 3e5),
        (quantities.rate_per_s, "1,500/s", 1500),
        (quantities.pace, "2M/s", Pace(per_s=2e6)),
        (quantities.pace, "20ns", Pace(ns=20)),
        (quantities.fraction(0, 10), ".5", 0.5),
        (quantities.fraction(0, 10), "0", 0),
        (quantities.fraction(0, 10), "10", 10),
    ],
)
def test_values_have_units(read, word, value):
    assert read(word) == value


@pytest.mark.parametrize(
    "key, words, complaint",
    [
        ("consumer_mean", ("5", "300k", "5uS", "1,5us", "", "nan", "us"), "a time or a rate"),
        ("consumer_mean", ("-5us", "5e3ns", "0x5us", "٣us", "9" * 100 + "us"), "a time or a rate"),
        ("consumer_mean", ("5 us/s", "k/s", "-1k/s", "/s"), "is not a rate: write 300/s"),
        ("consumer_mean", ("0us", "0/s"), "must be above 0"),
        ("max_wait", ("5/s", "5", "1d", "infs"), "is not a length of time: write 5us"),
        ("memory", ("5", "5us", "1mb", "1Mb"), "is not a size: write 64B"),
        ("message_bytes", ("1025KiB", "1GB"), "is more than 1 MiB, the most"),
        ("cv", ("nan", "inf", "-1", "10.1", "1%", "."), "is not a number from 0 to 10"),
        ("cores", ("0", "5000", "0.001"), "is not a number from 0.01 to 4096"),
        ("producers", ("0", "257", "1.0", "two", "²", "1" * 5000), "is not a whole number from 1"),
        ("when_full", ("block", "Wait", ""), "is none of: wait, drop"),
        ("needs", ("", "close,", "close timeouts"), "is none of: close, timeouts"),
        ("producer_trace", ("", "a\0b", "a" * 5000), "is not the name of a file"),
    ],
)
def test_a_wrong_value_is_refused_with_its_option_and_the_remedy(key, words, complaint):
    for word in words:
        said = refusal(from_words, {key: word})
        assert said.startswith(f"{wishes.option(key)}: ") and complaint in said, said


# ----------------------------------------------------------------------------------- contradictions

TRACE = {"producer_trace": "/t"}
CONTRADICTIONS = [
    ({"cv": "1", "producer_cv": "2"}, "--cv and --producer-cv: say it once"),
    ({"cv": "1", "consumer_cv": "2"}, "--cv and --consumer-cv: say it once"),
    (TRACE | {"producer_mean": "5us"}, "--producer-trace and --producer-mean: a trace already"),
    (TRACE | {"producer_cv": "1"}, "--producer-trace and --producer-cv: a trace already says"),
    (TRACE | {"producer_p50": "5us"}, "--producer-trace and --producer-p50: a trace already says"),
    ({"consumer_p50": "5us", "consumer_mean": "5us"}, "--consumer-p50 and --consumer-mean: they"),
    ({"consumer_p50": "5us", "consumer_cv": "1"}, "--consumer-p50 and --consumer-cv: they"),
    ({"consumer_p50": "5us"}, "--consumer-p50: needs --consumer-p99, too"),
    ({"producer_p99": "5us"}, "--producer-p99: needs --producer-p50, too"),
    ({"consumer_p50": "6us", "consumer_p99": "5us"}, "the median cannot be above the 99th"),
    ({"recording": "/r", "consumer_mean": "5us"}, "--recording and --consumer-mean: a recording"),
    ({"recording": "/r", "producers": "2"}, "--recording and --producers: a recording already"),
    ({"recording": "/r", "burst": "5"}, "--recording and --burst: leave out one of the two"),
    ({"recording": "/r", "mode": "open"}, "--recording and --mode: leave out one of the two"),
    ({"recording_mode": "open"}, "--recording-mode: needs --recording"),
    ({"burst": "5", "producer_cv": "1"}, "--burst and --producer-cv: it says how messages come"),
    (TRACE | {"burst": "5"}, "--burst and --producer-trace: it says how messages come"),
    ({"when_full": "drop", "mode": "closed"}, "--when-full and --mode: in a closed loop nothing"),
    ({"must_not_block": "producer", "when_full": "wait"}, "--must-not-block and --when-full: a"),
    ({"must_not_block": "producer", "mode": "closed"}, "--must-not-block and --mode: a producer"),
    ({"burst": "50", "cores": "1"}, "nothing is known of the pace: give --consumer-mean"),
    ({}, "nothing is known of the pace: give --consumer-mean"),
]


@pytest.mark.parametrize("words, complaint", CONTRADICTIONS)
def test_what_cannot_both_be_meant_is_refused(words, complaint):
    assert complaint in refusal(lambda: pipeline(**words))


@pytest.mark.parametrize(
    "words, complaint",
    [
        (
            {"consumer_mean": "101ms"},
            "--consumer-mean: makes a mean gap between messages of 130 ms",
        ),
        ({"producer_mean": "101ms"}, "--producer-mean: makes a mean time of the producers of 100"),
        ({"consumer_mean": "0.1ns"}, "1 ns is the least"),
        ({"producer_mean": "2G/s"}, "--producer-mean: makes a mean gap between messages of 0.5 ns"),
        ({"consumer_mean": "5us", "burst": "20000"}, "--burst: bursts of 20,000 at this pace come"),
        ({"consumer_p50": "1ns", "consumer_p99": "99999999h"}, "--consumer-p50 and --consumer-p99"),
        ({"consumer_p50": "1us", "consumer_p99": "200us"}, "make a cv above 10, the most"),
        ({"consumer_mean": "5us", "producers": "64"}, "--producers: 65 threads; 64 are the most"),
    ],
)
def test_what_a_scenario_does_not_take_is_refused(words, complaint):
    assert complaint in refusal(lambda: pipeline(**words))


def test_the_limits_themselves_are_taken():
    assert pipeline(producer_mean="100ms", consumer_mean="1ns").producer.mean_ns == 100e6
    most = MOST_THREADS_PER_CORE * 2 - 1
    assert pipeline(consumer_mean="5us", producers=str(most)).producers == most


# ----------------------------------------------------------------------------------- what is meant


def test_a_rate_is_of_a_side_and_a_time_of_a_thread():
    both = {"producers": "4", "consumers": "2"}
    rates = pipeline(producer_mean="100k/s", consumer_mean="200k/s", **both)
    assert rates.open_loop and rates.gap_ns == 10_000 and rates.consumer.mean_ns == 10_000
    assert rates.load == 0.5 and rates.service_per_s == 200_000
    times = pipeline(producer_mean="40us", consumer_mean="10us", **both)
    assert not times.open_loop and times.gap_ns == 10_000 and times.load == 0.5
    arrivals = pipeline(producer_mean="40us", consumer_mean="10us", mode="open", **both)
    assert arrivals.open_loop and arrivals.gap_ns == 10_000


def test_a_median_and_a_99th_percentile_are_those_of_a_lognormal_time():
    consumer = pipeline(consumer_p50="5us", consumer_p99="50us").consumer
    sigma = math.sqrt(math.log1p(consumer.cv**2))
    assert consumer.mean_ns * math.exp(-(sigma**2) / 2) == pytest.approx(5000)
    assert math.exp(2.32635 * sigma) == pytest.approx(10, rel=1e-4)
    assert pipeline(consumer_p50="5us", consumer_p99="5us").consumer.cv == 0


@pytest.mark.parametrize(
    "words, assumed, not_assumed",
    [
        ({"consumer_mean": "5us"}, "a load of 80% of what the consumers can take", "closed loop"),
        ({"producer_mean": "5us"}, "consumers that are busy 80% of their time", "open loop"),
        ({"producer_mean": "5us"}, "a closed loop", "a load of"),
        ({"consumer_mean": "5us"}, "the gaps and the consumers' times vary as exponential", "cv 2"),
        ({"consumer_mean": "5us", "burst": "9"}, "the consumers' times vary as exp", "the gaps"),
        ({"consumer_mean": "5us", "cv": "1"}, "messages of 8 bytes", "vary"),
        ({"consumer_mean": "5us", "message_bytes": "64B"}, "producers wait for room", "bytes"),
        ({"consumer_mean": "5us", "when_full": "drop"}, "1 producer, 1 consumer", "wait for room"),
        ({"consumer_mean": "5us", "producers": "2"}, "1 consumer", "1 producer"),
        ({"consumer_mean": "5us", "cores": "2"}, "may spin for microseconds", "of this machine"),
        ({"consumer_mean": "5us", "idle_cpu": "none"}, "the 2 cores of this machine", "spin"),
        ({"consumer_mean": "5us", "order": "global"}, "an open loop", "movable"),
    ],
)
def test_what_is_assumed_is_said_and_nothing_else(words, assumed, not_assumed):
    said = "; ".join(pipeline(**words).assumptions)
    assert assumed in said and not_assumed not in said


# -------------------------------------------------------------------------------------------- files


def test_there_is_a_word_for_every_input():
    assert list(WORDS) == [each.key for each in INPUTS]


def without_names(read):
    return {key: value for key, value in vars(read).items() if key != "names"}


@pytest.mark.parametrize("seed", range(20))
def test_what_is_written_is_read_again(tmp_path, seed):
    """Any part of the inputs, each with any of its words."""
    draw = random.Random(seed)
    keys = draw.sample(list(WORDS), draw.randint(1, len(WORDS))) if seed else list(WORDS)
    wanted = from_words({key: draw.choice(WORDS[key]) for key in keys})
    path = tmp_path / "pipeline.toml"
    path.write_text(as_toml(wanted.words, "./scripts/advise 'a\nb'"))
    again = from_file(path)
    assert without_names(again) == without_names(wanted)
    for key in keys:
        line = int(again.names[key].split(":")[1])
        assert path.read_text().splitlines()[line - 1].startswith(f"{key} = ")


def test_a_file_whose_name_is_a_number_is_written_as_text(tmp_path):
    (tmp_path / "p.toml").write_text(as_toml({"consumer_trace": "5", "burst": "5"}, ""))
    assert (tmp_path / "p.toml").read_text().endswith('consumer_trace = "5"\nburst = 5\n')
    assert from_file(tmp_path / "p.toml").consumer_trace == f"{tmp_path}/5"


@pytest.mark.parametrize(
    "text, line, complaint",
    [
        ('\nconsumer_meen = "5us"', 2, "key 'consumer_meen': unknown; the keys are the options"),
        ('[pipeline]\nconsumer_mean = "5us"', 1, "key 'pipeline': unknown"),
        (
            "# x\r\n\r\nconsumer_mean = 5\r\n",
            3,
            "write a text in quotes, as behind --consumer-mean",
        ),
        ('needs = ["close"]', 1, "key 'needs': write a text in quotes"),
        ("producers = true", 1, "key 'producers': write a number"),
        ("producers = 2.5", 1, "'2.5' is not a whole number"),
        ("cv = nan", 1, "'nan' is not a number from 0 to 10"),
        ("cores = 1\ncores.x = 1", 0, "not TOML: "),
        ("cv = 1\ncv = 2", 0, "not TOML: Cannot overwrite a value"),
        ("producers = " + "9" * 5000, 0, "not TOML: "),
        ("x = " + "[" * 5000, 0, "not TOML: "),
        ("consumer_mean = 5us", 0, "not TOML: "),
        ("# " + "x" * 100_000, 0, "larger than 100,000 bytes"),
    ],
)
def test_what_is_wrong_in_a_file_is_named_with_its_line(tmp_path, text, line, complaint):
    path = tmp_path / "p.toml"
    path.write_bytes(text.encode())
    said = refusal(from_file, path)
    assert said.startswith(f"{path}:{line}: " if line else f"{path}: ") and complaint in said


def test_a_file_that_cannot_be_read(tmp_path):
    (tmp_path / "latin").write_bytes(b"# \xe9")
    for path in (tmp_path / "none", tmp_path, tmp_path / "latin"):
        assert refusal(from_file, path).startswith(f"{path}: ")


def test_files_that_a_file_names_are_beside_it(tmp_path):
    path = tmp_path / "p.toml"
    path.write_text('consumer_trace = "sub/times.txt"\nproducer_trace = "/t"')
    read = from_file(path)
    assert read.consumer_trace == f"{tmp_path}/sub/times.txt" and read.producer_trace == "/t"


def test_options_override_a_file(tmp_path):
    path = tmp_path / "p.toml"
    path.write_text(as_toml({key: word for key, (word, _) in WORDS.items()}, ""))
    for key, (_, word) in WORDS.items():
        read, option = from_file(path), from_words({key: word})
        both = joined(read, option)
        assert getattr(both, key) == getattr(option, key) != getattr(read, key), key
        assert both.names[key] == wishes.option(key) and both.words[key] == word
        others = [other for other in WORDS if other != key]
        assert all(getattr(both, other) == getattr(read, other) for other in others)
        assert all(both.names[other].startswith(f"{path}:") for other in others)


def test_a_contradiction_names_the_file_and_the_option(tmp_path):
    path = tmp_path / "p.toml"
    path.write_text('# mine\nconsumer_mean = "5us"\n')
    options = from_words({"consumer_p50": "5us", "consumer_p99": "9us"})
    said = refusal(pipeline_of, joined(from_file(path), options), 2)
    assert said.startswith("--consumer-p50 and ") and f"{path}:2: key 'consumer_mean'" in said
