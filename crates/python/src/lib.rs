//! `tertulia._media`: the engine as Python sees it. Translation only; `src/tertulia/_media.pyi` tells what each call means.

mod convert;
mod engine;
mod relay;
mod statistics;

use pyo3::prelude::*;

#[pymodule]
fn _media(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_class::<engine::Engine>()?;
    module.add_function(wrap_pyfunction!(engine::classify, module)?)
}
