package telemetry

import (
	"context"
	"maps"
	"sync"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
)

// overdue counts what is overdue at the moment, by what it is. What was overdue once stays as 0, so that an alarm ends.
type overdue struct {
	mu     sync.Mutex
	counts map[string]int
}

func newOverdue(meter metric.Meter) (*overdue, error) {
	o := &overdue{counts: map[string]int{}}
	_, err := meter.Int64ObservableGauge("iagent.overdue", metric.WithUnit("{item}"),
		metric.WithDescription("Calls of which something is late, and runs that are dead or past their time, by what."),
		metric.WithInt64Callback(func(_ context.Context, observer metric.Int64Observer) error {
			o.mu.Lock()
			defer o.mu.Unlock()
			for what, n := range o.counts {
				observer.Observe(int64(n), metric.WithAttributes(attribute.String("what", what)))
			}
			return nil
		}))
	return o, err
}

// set takes in what is overdue now. Names that are no words, or too many, count as other.
func (o *overdue) set(counts map[string]int) {
	o.mu.Lock()
	defer o.mu.Unlock()
	next := map[string]int{}
	for what := range o.counts {
		next[what] = 0
	}
	for what, n := range counts {
		if _, seen := next[what]; !seen && (!plainWords(what) || len(next) >= maxValues-1) {
			what = other
		}
		next[what] += n
	}
	o.counts = maps.Clone(next)
}

// Overdue takes in what is overdue now, by what it is: "end", "run:transcribe-recording".
func (t *Telemetry) Overdue(counts map[string]int) {
	if t == nil {
		return
	}
	t.overdue.set(counts)
}

// Reconciled counts an event that never arrived and was fetched, by its kind.
func (t *Telemetry) Reconciled(kind string) {
	if t == nil {
		return
	}
	t.reconciled.Add(context.Background(), 1, t.byReconciled.add(kind, "")...)
}
