"""ctapipe and PyTables open what tierline writes: dl1_opens.py [--processed] FILE[=PEER]...

FILE is a DL1 file of tierline's, in ctapipe's format or in that of dl1-data-handler. PEER is one of ctapipe's with the
same events: then both must hold the same; with --processed parameters to a part in a million, and times to half a
nanosecond. A warning of either library is an error.
"""

import sys
import warnings

import numpy
import tables

PROCESSED = False


def walk(path):
    """Reads every node with PyTables; returns the number of tables."""
    count = 0
    with tables.open_file(path) as file:
        for node in file.walk_nodes("/"):
            for name in node._v_attrs._v_attrnames:
                node._v_attrs[name]
            if isinstance(node, tables.Table):
                count += 1
                rows = node.read()
                assert len(rows) == node.nrows == node._v_attrs.NROWS, node
                assert node.colnames == list(rows.dtype.names), node
    return count


def is_ctapipe(path):
    with tables.open_file(path) as file:
        return "CTA PRODUCT DATA MODEL VERSION" in file.root._v_attrs


def has_true_images(path):
    """ctapipe's event source fails on simulations without true images, its own files included."""
    with tables.open_file(path) as file:
        group = "/simulation/event/telescope/images"
        return group in file and all("true_image" in table.colnames for table in file.iter_nodes(group, "Table"))


def same(ours, theirs, where, wrong):
    """Compares two tables of astropy, column by column."""
    if ours.colnames != theirs.colnames:
        wrong.append(f"{where}: columns {sorted(set(ours.colnames) ^ set(theirs.colnames))}")
        return
    for name in ours.colnames:
        a, b = ours[name], theirs[name]
        if getattr(a, "unit", None) != getattr(b, "unit", None):
            wrong.append(f"{where}.{name}: unit {a.unit} for {b.unit}")
        a, b = numpy.asarray(getattr(a, "value", a)), numpy.asarray(getattr(b, "value", b))
        if PROCESSED and name.startswith("timing_"):
            # Three pixels are fitted by any two of them.
            many = numpy.asarray(theirs["morphology_n_pixels"]) > 3
            a, b = a[many], b[many]
        if a.dtype.kind in "fc":
            rtol, atol = (1e-6, 1e-9) if PROCESSED else (1e-12, 0)
            equal = a.shape == b.shape and numpy.allclose(a, b, rtol=rtol, atol=atol, equal_nan=True)
        elif a.dtype.kind == "O" and PROCESSED and name.endswith("time"):
            equal = all(abs((x - y).to_value("ns")) < 0.5 for x, y in zip(a, b, strict=True))
        else:
            equal = numpy.array_equal(a, b)
        if not equal:
            wrong.append(f"{where}.{name}: values")


def load(path):
    """All that ctapipe's two readers give of a file."""
    from ctapipe.io import EventSource, TableLoader

    found = {}
    with EventSource(path, focal_length_choice="EQUIVALENT") as source:
        events = 0
        images = 0
        true_images = source.is_simulation and has_true_images(path)
        for event in source if true_images or not source.is_simulation else ():
            events += 1
            for tel_id, dl1 in event.dl1.tel.items():
                images += dl1.image is not None
                geometry = source.subarray.tel[tel_id].camera.geometry
                assert dl1.image is None or dl1.image.shape[-1] == geometry.n_pixels
            for tel_id in event.trigger.tel:
                pointing = event.monitoring.tel[tel_id].pointing
                assert numpy.isfinite(pointing.altitude.to_value("rad")), tel_id
        found["subarray"] = source.subarray
        found["simulation"] = source.is_simulation
        found["runs"] = source.simulation_config if source.is_simulation else {}
        found["observations"] = source.observation_blocks
        found["atmosphere"] = source.atmosphere_density_profile if source.is_simulation else None
        found["counts"] = (events, images)
    with TableLoader(path, focal_length_choice="EQUIVALENT", dl1_images=True, true_images=true_images) as loader:
        found["subarray events"] = loader.read_subarray_events()
        found["telescope events"] = {}
        for tel_type in loader.subarray.telescope_types:
            for tel_id, table in loader.read_telescope_events_by_id([tel_type]).items():
                found["telescope events"][tel_id] = table
        if "/simulation/service/shower_distribution" in loader.h5file:
            found["showers"] = loader.read_shower_distribution()
    return found


def same_subarray(ours, theirs):
    """Equal, but for the last digits of the place on the Earth, which goes through angles."""
    places = [[axis.to_value("m") for axis in one.reference_location.geocentric] for one in (ours, theirs)]
    return (
        ours.name == theirs.name
        and ours.tel == theirs.tel
        and all((ours.positions[tel_id] == theirs.positions[tel_id]).all() for tel_id in theirs.tel)
        and numpy.allclose(*places, rtol=0, atol=1e-3)
    )


def compare(ours, theirs, wrong):
    if ours["counts"] != theirs["counts"]:
        wrong.append(f"events and images: {ours['counts']} for {theirs['counts']}")
    if not same_subarray(ours["subarray"], theirs["subarray"]):
        wrong.append("subarray")
    same(ours["subarray events"], theirs["subarray events"], "subarray", wrong)
    for tel_id, table in theirs["telescope events"].items():
        same(ours["telescope events"][tel_id], table, f"tel {tel_id}", wrong)
    for obs_id, run in theirs["runs"].items():
        if str(ours["runs"][obs_id]) != str(run):
            wrong.append(f"run {obs_id}")
    for obs_id, block in theirs["observations"].items():
        if str(ours["observations"][obs_id]) != str(block):
            wrong.append(f"observation {obs_id}")
    if (ours["atmosphere"] is None) != (theirs["atmosphere"] is None):
        wrong.append("atmosphere")
    if ("showers" in ours) != ("showers" in theirs):
        wrong.append("showers")
    elif "showers" in theirs:
        same(ours["showers"], theirs["showers"], "showers", wrong)


def main():
    global PROCESSED
    arguments = sys.argv[1:]
    if arguments[:1] == ["--processed"]:
        PROCESSED = True
        del arguments[0]
    failed = 0
    for argument in arguments:
        path, _, peer = argument.partition("=")
        wrong = []
        with warnings.catch_warnings():
            # ctapipe itself warns on import with the newest NumPy.
            if is_ctapipe(path):
                import ctapipe.io  # noqa: F401
            warnings.simplefilter("error")
            count = walk(path)
            what = f"{count} tables"
            if is_ctapipe(path):
                ours = load(path)
                what += ", {} events, {} images".format(*ours["counts"])
                if peer:
                    compare(ours, load(peer), wrong)
        print(f"{path}: {what}: {'good' if not wrong else wrong[:5]}")
        failed += bool(wrong)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
