package telemetry

import (
	"context"

	"go.opentelemetry.io/otel/metric"
)

// pruned counts rows that were pruned, by kind.
type pruned struct {
	rows metric.Int64Counter
	what *labels
}

func newPruned(meter metric.Meter) (*pruned, error) {
	rows, err := meter.Int64Counter("iagent.pruned", metric.WithUnit("{row}"),
		metric.WithDescription("Rows that were pruned because they were older than they are kept, by kind."))
	return &pruned{rows, newLabels("what", "")}, err
}

// Pruned counts rows of a kind, such as "payloads", that were pruned.
func (t *Telemetry) Pruned(what string, rows int) {
	if t == nil {
		return
	}
	t.pruned.rows.Add(context.Background(), int64(rows), t.pruned.what.add(what, "")...)
}
