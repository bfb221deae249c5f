//! Chains on small tables, against numbers worked out by hand or measured with the peer.

use serde_json::{Value as Json, json};
use tierline_table::{Array, Attrs, Column, DType, NamedColumn, Table, WaveformTable};

use super::{Chain, ChainError};

/// Four rows of eight samples at 16 ns, first samples at 5, 15, 25, 35 ns.
fn table() -> Table {
    let samples: [u16; 32] = [
        47, 51, 75, 95, 3, 14, 82, 94, 24, 31, 86, 42, 27, 82, 25, 40, 64, 54, 8, 2, 86, 75, 83,
        53, 81, 32, 45, 78, 12, 30, 12, 45,
    ];
    let t0 = Array::from_f64(&[5.0, 15.0, 25.0, 35.0]);
    let dt = Array::from_f64(&[16.0; 4]);
    let values = Array::from_u16(&samples).reshaped(&[8]);
    let waveform = WaveformTable::new(t0, dt, values).into_table().unwrap();
    let mut table = Table::new();
    table.push("waveform", Attrs::new(), waveform).unwrap();
    table.push("baseline", Attrs::new(), Array::from_u16(&[1, 2, 3, 4])).unwrap();
    let times = Array::from_f64(&[0.0, 100.0, 200.0, 300.0]);
    table.push("when", Attrs::with_units("ns"), times).unwrap();
    let energy = Array::from_f64(&[0.0, 1.5, 3.0, 4.5]);
    table.push("energy", Attrs::with_units("keV"), energy).unwrap();
    table
}

fn min_max() -> Json {
    json!({"function": "min_max", "module": "dspeed.processors",
        "args": ["waveform", "tmin", "tmax", "vmin", "vmax"], "unit": ["ns", "ns", "ADC", "ADC"]})
}

fn presum() -> Json {
    let out = "wps(shape=len(waveform)/2, period=waveform.period*2, offset=waveform.offset)";
    json!({"function": "presum", "module": "dspeed.processors",
        "args": ["waveform", 0, "rate", out], "unit": "ADC"})
}

/// The outputs of an expression or an entry beside the minima, maxima and sums.
fn run(
    processors: Json,
    outputs: &[&str],
    database: &Json,
) -> Result<Vec<NamedColumn>, ChainError> {
    let mut all = json!({"tmin,tmax,vmin,vmax": min_max(), "rate, wps": presum()});
    let more = processors.as_object().unwrap().clone();
    all.as_object_mut().unwrap().extend(more);
    let config = json!({"outputs": outputs, "processors": all});
    let table = table();
    let chain = Chain::build(&config, &table, database)?;
    let whole = chain.run(&table)?;
    assert!(whole.iter().zip(chain.outputs()).all(|(a, b)| a.name == b.name && a.attrs == b.attrs));
    Ok(whole)
}

fn numbers(column: &NamedColumn) -> Vec<f64> {
    match &column.column {
        Column::Array(array) => array.iter_f64().collect(),
        Column::Table(table) => table.array("values").unwrap().iter_f64().collect(),
        Column::Vectors(vectors) => vectors.flattened.iter_f64().collect(),
        Column::Encoded(_) => panic!("encoded"),
    }
}

/// The values of an expression in the four rows.
fn expression(text: &str) -> Vec<f64> {
    numbers(&run(json!({"it": text}), &["it"], &Json::Null).unwrap()[0])
}

fn unit(column: &NamedColumn) -> Option<&str> {
    column.attrs.units.as_deref()
}

fn times(column: &NamedColumn) -> (Vec<f64>, Vec<f64>) {
    let Column::Table(table) = &column.column else { panic!("no waveform") };
    let of = |name| table.array(name).unwrap().iter_f64().collect();
    (of("t0"), of("dt"))
}

#[test]
fn indices_become_times() {
    let columns = run(json!({}), &["tmin", "tmax", "vmin", "vmax"], &Json::Null).unwrap();
    assert_eq!(numbers(&columns[0]), [69.0, 15.0, 73.0, 99.0]);
    assert_eq!(numbers(&columns[1]), [53.0, 47.0, 89.0, 35.0]);
    assert_eq!(numbers(&columns[2]), [3.0, 24.0, 2.0, 12.0]);
    assert_eq!(numbers(&columns[3]), [95.0, 86.0, 86.0, 81.0]);
    assert_eq!((unit(&columns[0]), unit(&columns[3])), (Some("ns"), Some("ADC")));
}

#[test]
fn sums_keep_the_time_axis() {
    let columns = run(json!({}), &["wps", "rate"], &Json::Null).unwrap();
    assert_eq!(numbers(&columns[0])[..4], [98.0, 170.0, 17.0, 176.0]);
    assert_eq!(times(&columns[0]), (vec![5.0, 15.0, 25.0, 35.0], vec![32.0; 4]));
    assert_eq!(unit(&columns[0]), Some("ADC"));
    assert_eq!(numbers(&columns[1]), [2.0; 4]);
}

#[test]
fn expressions_are_the_peers() {
    assert_eq!(expression("tmax-tmin"), [-1.0, 2.0, 1.0, -4.0]);
    assert_eq!(expression("tmax*2"), [101.0, 79.0, 153.0, 35.0]);
    assert_eq!(expression("tmax+32*ns"), [85.0, 79.0, 121.0, 67.0]);
    assert_eq!(expression("tmax+when"), [48.0, 132.0, 264.0, 300.0]);
    assert_eq!(expression("when-tmax"), [-48.0, 68.0, 136.0, 300.0]);
    assert_eq!(expression("tmax>50*ns"), [0.0, 0.0, 1.0, 0.0]);
    assert_eq!(expression("-tmax"), [-43.0, -17.0, -39.0, 35.0]);
    assert_eq!(expression("round(tmax, wps.grid)"), [69.0, 47.0, 89.0, 35.0]);
    assert_eq!(expression("floor(tmax, 10*ns)"), [45.0, 45.0, 85.0, 35.0]);
    assert_eq!(expression("round(vmax, 8)"), [96.0, 88.0, 88.0, 80.0]);
    assert_eq!(expression("tmax if tmax>tmin else tmin"), [69.0, 47.0, 89.0, 99.0]);
    assert_eq!(expression("where(tmax>tmin, tmax, 32*ns)"), [37.0, 47.0, 89.0, 67.0]);
    assert_eq!(expression("wps+tmax")[..4], [99.5, 171.5, 18.5, 177.5]);
    assert_eq!(expression("tmax+baseline"), [69.0, 79.0, 137.0, 99.0]);
    assert_eq!(expression("tmax/(5*us)")[3], 35.0);
}

#[test]
fn integers_stay_integers() {
    assert_eq!(expression("baseline+1.5"), [3.0, 4.0, 5.0, 6.0]);
    assert_eq!(expression("baseline-10"), [65527.0, 65528.0, 65529.0, 65530.0]);
    assert_eq!(expression("baseline//2"), [0.0, 1.0, 1.0, 2.0]);
    assert_eq!(expression("baseline/2"), [0.5, 1.0, 1.5, 2.0]);
    assert_eq!(expression("waveform - baseline")[17..20], [51.0, 5.0, 65535.0]);
    assert_eq!(expression("-baseline"), [65535.0, 65534.0, 65533.0, 65532.0]);
    assert_eq!(expression("astype(energy, 'int32')"), [0.0, 1.0, 3.0, 4.0]);
    assert_eq!(expression("len(waveform)/2"), [4.0; 4]);
    assert_eq!(expression("energy<2"), [1.0, 1.0, 0.0, 0.0]);
}

#[test]
fn slices_move_the_offset() {
    let slice = |text: &str| run(json!({"it": text}), &["it"], &Json::Null).unwrap().remove(0);
    let part = slice("waveform[1:5:2]");
    assert_eq!(numbers(&part)[..4], [51.0, 95.0, 31.0, 42.0]);
    assert_eq!(times(&part), (vec![21.0, 31.0, 41.0, 51.0], vec![32.0; 4]));
    assert_eq!(times(&slice("waveform[-3:]")).0, [5.0, 15.0, 25.0, 35.0]);
    assert_eq!(times(&slice("waveform[2:6][1:]")).0, [53.0, 63.0, 73.0, 83.0]);
    assert_eq!(numbers(&slice("waveform[20*ns:60*ns]"))[..3], [51.0, 75.0, 95.0]);
    assert_eq!(
        numbers(&slice("waveform[0:round(50*ns, waveform.period)]"))[..3],
        [47.0, 51.0, 75.0]
    );
    assert_eq!(numbers(&slice("waveform[-1]")), [94.0, 40.0, 53.0, 45.0]);
    assert_eq!(numbers(&slice("wps[1:3]"))[..2], [170.0, 17.0]);
}

#[test]
fn times_are_counted_in_samples() {
    let window = |start: &str| {
        let entry = json!({"function": "dspeed.processors.windower",
            "args": ["waveform", start, "it(3)"], "unit": "ADC", "defaults": {"db.a.b": "48*ns"}});
        let columns = run(json!({"it": entry}), &["it"], &json!({"c": {"d": 2}})).unwrap();
        numbers(&columns[0])
    };
    assert_eq!(window("32*ns")[..3], [75.0, 95.0, 3.0]);
    assert_eq!(window("when")[3..5], [82.0, 25.0]);
    assert_eq!(window("tmax")[..3], [95.0, 3.0, 14.0]);
    assert_eq!(window("db.a.b")[..3], [95.0, 3.0, 14.0]);
    assert_eq!(window("db.c.d")[..3], [75.0, 95.0, 3.0]);
    assert!(window("-1")[0].is_nan());
}

#[test]
fn results_do_not_depend_on_batches() {
    let table = table();
    let fit = json!({"function": "linear_slope_fit", "module": "dspeed.processors",
        "args": ["waveform[0:5]", "m", "sd", "sl", "ic"], "unit": "ADC"});
    let config = json!({"outputs": ["m", "sd", "sl", "ic", "tmax", "waveform", "when"],
        "processors": {"tmin,tmax,vmin,vmax": min_max(), "m,sd,sl,ic": fit}});
    let chain = Chain::build(&config, &table, &Json::Null).unwrap();
    let whole = chain.run(&table).unwrap();
    let mean = numbers(&whole[0]);
    assert!((mean[0] - 54.2).abs() < 1e-5 && (numbers(&whole[1])[0] - 34.571663).abs() < 1e-5);
    assert!((numbers(&whole[2])[0] + 4.4).abs() < 1e-6 && numbers(&whole[3])[0] == 63.0);
    for row in 0..4 {
        let one = one_row(&table, row);
        let part = chain.run(&one).unwrap();
        for (whole, part) in whole.iter().zip(&part) {
            let length = numbers(part).len();
            assert_eq!(numbers(whole)[row * length..(row + 1) * length], numbers(part));
        }
    }
    let mut empty = table.clone();
    empty.clear();
    let late = Chain::build(&config, &empty, &Json::Null).unwrap();
    assert_eq!(late.run(&table).unwrap(), whole);
    assert_eq!(late.outputs(), chain.outputs());
}

fn one_row(table: &Table, row: usize) -> Table {
    let mut one = table.clone();
    one.rows = 1;
    for column in &mut one.columns {
        match &mut column.column {
            Column::Array(array) => {
                let bytes = array.row(row).unwrap().to_vec();
                array.data = bytes;
            }
            Column::Table(inner) => *inner = one_row(inner, row),
            Column::Vectors(_) | Column::Encoded(_) => {}
        }
    }
    one
}

#[test]
fn each_row_has_its_sampling_period() {
    let mut table = table();
    let Column::Array(dt) = &mut table.column_mut("waveform/dt").unwrap().column else { panic!() };
    *dt = Array::from_f64(&[16.0, 16.0, 8.0, 16.0]);
    let config = json!({"outputs": ["tmax"], "processors": {"tmin,tmax,vmin,vmax": min_max()}});
    let chain = Chain::build(&config, &table, &Json::Null).unwrap();
    assert_eq!(numbers(&chain.run(&table).unwrap()[0]), [53.0, 47.0, 57.0, 35.0]);
}

#[test]
fn mistakes_are_named() {
    let fails = |processors: Json, output: &str| {
        run(processors, &[output], &Json::Null).unwrap_err().to_string()
    };
    let call = |function: &str, args: Json| {
        json!({"it": {"function": function,
        "module": "dspeed.processors", "args": args}})
    };
    let text = fails(call("dplms", json!(["waveform", "it"])), "it");
    assert_eq!(text, "'it': there is no processor dspeed.processors.dplms");
    let text = fails(call("windower", json!(["waveform", 1, "it"])), "it");
    assert_eq!(text, "'it': it: its length must be declared: it(shape=...)");
    let text = fails(call("windower", json!(["waveform", "nope", "it(2)"])), "it");
    assert!(text.contains("nothing is called 'nope'"), "{text}");
    let text = fails(call("windower", json!(["waveform", "db.x", "it(2)"])), "it");
    assert_eq!(text, "'it': db.x is not in the database and has no default");
    let text = fails(call("windower", json!(["waveform", "it(2)"])), "it");
    assert_eq!(text, "'it': args: 3 arguments are needed, 2 are given");
    let text = fails(json!({"it": "waveform + wps"}), "it");
    assert_eq!(text, "'it': waveform + wps: vectors of 8 and 4 elements");
    assert!(fails(json!({"it": "it2+1", "it2": "it*2"}), "it").contains("needs its own result"));
    assert!(fails(json!({"it": "when + 5*ns"}), "it").contains("no waveform"));
    assert!(fails(json!({}), "nothing").contains("'outputs': nothing is called 'nothing'"));
    assert!(
        fails(call("saturation", json!(["waveform", -1, "it", "it2"])), "it").contains("bit depth")
    );
}

#[test]
fn a_length_may_need_the_period() {
    let mut empty = table();
    empty.clear();
    let config = json!({"outputs": ["it"], "processors": {"it": "waveform[0:1*us]"}});
    let error = Chain::build(&config, &empty, &Json::Null).unwrap_err();
    assert!(matches!(error, ChainError::Period { .. }), "{error}");
    assert!(Chain::build(&config, &table(), &Json::Null).is_ok());
}

#[test]
fn types_are_declared() {
    let fit = json!({"function": "presum", "module": "dspeed.processors",
        "args": ["waveform", 0, "rate", "it(4, 'd')"]});
    let columns =
        run(json!({"it, rate": fit}), &["it", "energy", "baseline"], &Json::Null).unwrap();
    let Column::Array(array) = &columns[0].column else { panic!("no array") };
    assert_eq!((array.dtype, &array.row_shape[..]), (DType::F64, &[4][..]));
    assert_eq!(unit(&columns[1]), Some("keV"));
    assert_eq!(numbers(&columns[2]), [1.0, 2.0, 3.0, 4.0]);
}

#[test]
fn tables_of_another_layout_are_refused() {
    let config = json!({"outputs": ["vmax"], "processors": {"tmin,tmax,vmin,vmax": min_max()}});
    let chain = Chain::build(&config, &table(), &Json::Null).unwrap();
    let with = |values: Array| {
        let mut other = table();
        other.column_mut("waveform/values").unwrap().column = values.into();
        chain.run(&other).unwrap_err().to_string()
    };
    let short = Array::from_u16(&[1; 16]).reshaped(&[4]);
    assert_eq!(with(short), "column 'waveform/values': its length has changed");
    let floats = Array::from_f32(&[1.0; 32]).reshaped(&[8]);
    assert_eq!(with(floats), "column 'waveform/values': its type has changed");
    let few = Array::from_u16(&[1; 24]).reshaped(&[8]);
    assert_eq!(with(few), "column 'waveform/values': rows are missing");
    assert!(chain.run(&Table { rows: 1, ..Table::new() }).is_err());
}

#[test]
fn a_database_may_not_turn_in_circles() {
    let database = json!({"a": "db.b + 1", "b": "2*db.a", "c": "db.d", "d": 3});
    let value = |name: &str| run(json!({"it": name}), &["it"], &database);
    assert!(value("db.a").unwrap_err().to_string().contains("needs itself"));
    assert_eq!(numbers(&value("db.c*2").unwrap()[0]), [6.0; 4]);
}

#[test]
fn threads_share_a_chain() {
    fn shared<T: Send + Sync>() {}
    shared::<Chain>();
}
