"""A checkpoint is worth the same, however many processes measure it."""

import multiprocessing
import os
import socket
from pathlib import Path

import pytest
import torch

from gan_lab.data import MNISTDataModule
from gan_lab.metrics import ClassifierFeatures, Evaluation, FrechetDistance, seeded_batches
from gan_lab.metrics.features import activations
from gan_lab.run.checkpoint import find_checkpoint, load_task
from tests.children import children
from tests.conftest import CommandLine


def fid(
    rank: int, world_size: int, port: int, run: Path, root: Path, results: "multiprocessing.Queue"
) -> None:
    torch.set_num_threads(1)
    if world_size > 1:
        os.environ |= {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port)}
        torch.distributed.init_process_group("gloo", rank=rank, world_size=world_size)
    task = load_task(find_checkpoint(run))
    images = MNISTDataModule(root).load(train=False).images[:500]
    network = ClassifierFeatures("mnist")
    real = activations(network, images)
    evaluation = Evaluation(network, {"fid": FrechetDistance}, real, real, num_samples=400)
    batches = seeded_batches(
        lambda count: task.sample(count)["x"].detach(),
        400,
        seed=3,
        batch_size=50,
        rank=rank,
        world_size=world_size,
    )
    results.put((rank, evaluation(batches)["fid"]))
    if world_size > 1:
        torch.distributed.destroy_process_group()


def test_the_fid_of_a_checkpoint_is_the_same_in_two_processes(
    train: CommandLine, mnist_root: Path
) -> None:
    run = train("model=mlp", "data.batch_size=16", "trainer.max_steps=2")
    context = children()
    results = context.Queue()
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    processes = [
        context.Process(target=fid, args=(rank, 2, port, run, mnist_root, results))
        for rank in range(2)
    ]
    for process in processes:
        process.start()
    shared = dict(results.get(timeout=120) for _ in processes)
    for process in processes:
        process.join()
    fid(0, 1, port, run, mnist_root, results)
    alone = results.get(timeout=10)[1]
    assert shared[0] == shared[1] == pytest.approx(alone, rel=1e-6)
    assert alone > 1
