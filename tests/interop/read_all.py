#!/usr/bin/env python3
"""Reads every object of LH5 files with lh5 and with h5py and compares the two: read_all.py FILE...

lh5 is the peers' reader. Only filters that HDF5 itself brings are accepted: whoever reads our files needs no plugin.
"""

import sys

import h5py
import lgdo
import lh5
import numpy as np

PLAIN_FILTERS = {h5py.h5z.FILTER_DEFLATE, h5py.h5z.FILTER_SHUFFLE, h5py.h5z.FILTER_FLETCHER32}


def same(a, b):
    """Equal values of equal type, NaN equal to itself."""
    a, b = np.asarray(a), np.asarray(b)
    if a.dtype.kind in "OSU" or b.dtype.kind in "OSU":
        return [_text(x) for x in a.reshape(-1)] == [_text(x) for x in b.reshape(-1)]
    if a.shape != b.shape:
        return False
    return bool(np.array_equal(a, b, equal_nan=a.dtype.kind == "f"))


def _text(x):
    return x.decode() if isinstance(x, bytes) else str(x)


def filters(dataset):
    """The filter ids of a dataset."""
    plist = dataset.id.get_create_plist()
    return {plist.get_filter(i)[0] for i in range(plist.get_nfilters())}


def compare(obj, item, seen):
    """Compares what lh5 read with what h5py sees; yields one sentence per difference."""
    if isinstance(item, h5py.Dataset):
        seen.add(item.name)
        if filters(item) - PLAIN_FILTERS:
            yield f"{item.name} needs a filter plugin"
        value = obj.value if isinstance(obj, lgdo.Scalar) else obj.nda
        if not same(value, item[()]):
            yield f"{item.name} reads differently with lh5 and h5py"
    elif "encoded" in item.attrs.get("datatype", ""):
        # lh5 decodes the waveforms, h5py sees their bytes: all that can be compared is that both can.
        item.visititems(lambda _, child: seen.add(child.name))
    elif isinstance(obj, lgdo.VectorOfVectors):
        yield from compare(obj.cumulative_length, item["cumulative_length"], seen)
        yield from compare(obj.flattened_data, item["flattened_data"], seen)
    elif isinstance(obj, lgdo.Struct):
        if set(obj.keys()) != set(item.keys()):
            yield f"{item.name} holds {sorted(item.keys())}, lh5 reads {sorted(obj.keys())}"
        for key in obj.keys() & item.keys():
            yield from compare(obj[key], item[key], seen)


def read_all(path):
    """Problems with one file, and how many tables and rows it holds."""
    problems, tables, rows, seen = [], 0, 0, set()
    with h5py.File(path, "r", locking=False) as file:
        names = []
        file.visititems(lambda name, item: names.append(name))
        for name, item in file.items():
            problems += compare(lh5.read(name, str(path)), item, seen)
        for name in names:
            item = file[name]
            datatype = item.attrs.get("datatype")
            if datatype is None:
                problems.append(f"/{name} has no datatype")
            elif datatype.startswith("table{") and not _inside_table(item):
                obj = lh5.read(name, str(path))
                tables, rows = tables + 1, rows + len(obj)
                lengths = {key: len(obj[key]) for key in obj}
                if len(set(lengths.values())) > 1:
                    problems.append(f"/{name} has columns of different lengths: {lengths}")
            if isinstance(item, h5py.Dataset) and item.name not in seen:
                problems.append(f"/{name} is not reached by lh5")
    return problems, tables, rows


def _inside_table(item):
    parent = item.parent
    while parent.name != "/":
        if parent.attrs.get("datatype", "").startswith("table{"):
            return True
        parent = parent.parent
    return False


def main():
    failed = False
    for path in sys.argv[1:]:
        problems, tables, rows = read_all(path)
        failed |= bool(problems)
        print(f"{'FAIL' if problems else 'ok  '} {path}: {tables} tables, {rows} rows")
        print("\n".join(problems), end="\n" if problems else "")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
