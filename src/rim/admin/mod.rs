//! What operators ask the running process: health, readiness, metrics.
