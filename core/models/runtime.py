"""What every model runtime in this process must hold to: no way out, and no more threads than it may use."""

import os
from pathlib import Path

_OFFLINE = {
    "HF_HUB_OFFLINE": "1",
    "TRANSFORMERS_OFFLINE": "1",
    "HF_DATASETS_OFFLINE": "1",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "TRANSFORMERS_NO_ADVISORY_WARNINGS": "1",
    "HF_HUB_DISABLE_PROGRESS_BARS": "1",
    "TOKENIZERS_PARALLELISM": "false",  # its threads deadlock after a fork and gain nothing on short texts
}


def go_offline() -> None:
    """Forbid model libraries to reach any hub; called before the first of them is imported."""
    os.environ.update(_OFFLINE)
    # Threads that wait by spinning take the processor from those they wait for once the machine is busy.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")


def limit_threads(threads: int) -> None:
    """Let torch use at most `threads` CPU threads in this process."""
    import torch

    if torch.get_num_threads() != threads:
        torch.set_num_threads(threads)


def has_bfloat16() -> bool:
    """Tell whether the processor computes in bfloat16 by itself (x86 AVX512-BF16 or AMX, Arm BF16).

    Elsewhere it is emulated and slower than float32.
    """
    try:
        lines = Path("/proc/cpuinfo").read_text("ascii", "replace").splitlines()
    except OSError:
        return False
    flags = next((line.partition(":")[2].split() for line in lines if line.startswith(("flags", "Features"))), [])
    return not {"avx512_bf16", "amx_bf16", "bf16"}.isdisjoint(flags)
