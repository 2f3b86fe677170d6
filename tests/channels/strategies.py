"""Any alerts at all, for the property tests of every channel."""

from __future__ import annotations

from hypothesis import strategies as st

from tests.channels.hostile import alert
from webhook_alerts.alert import Kind, Level

texts = st.text(st.characters(), max_size=6000)
data = st.recursive(
    st.none() | st.booleans() | st.integers() | texts, lambda inner: st.lists(inner, max_size=4), max_leaves=8
)
alerts = st.builds(
    alert,
    level=st.sampled_from(Level),
    kind=st.sampled_from(Kind),
    message=texts,
    logger=texts,
    exception_type=texts,
    stack_trace=texts,
    context=st.dictionaries(texts, data, max_size=30),
    details=st.dictionaries(st.sampled_from(["metric", "value", "threshold", "ratio", "event", "status"]), data),
    request=st.dictionaries(st.sampled_from(["path", "method", "user_id"]), texts),
    occurrences=st.integers(1, 10**12),
    service=texts,
    host=texts,
    state=st.sampled_from(["", "open", "acknowledged", "resolved", "flapping"]),
    note=texts,
)
