package telemetry

import (
	"strings"
	"sync"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
)

const (
	// maxValues bounds how many values a label takes; each is a time series for every value of the other label.
	maxValues = 32
	// maxLength bounds a value.
	maxLength = 40
	// other stands for all values beyond these bounds.
	other = "other"
)

// labels makes one or two labels of a metric, and keeps what it made: measuring allocates nothing after the first time.
//
// A value is a few words without digits; "Wrong signature" becomes "wrong_signature". Anything else counts as "other", as
// does a value when there are too many: a mistake must not fill Prometheus, or put a call's id or a phone number there.
type labels struct {
	first, second attribute.Key // second may be ""

	mu     sync.RWMutex
	made   map[[2]string]made
	values map[attribute.Key]map[string]bool
}

// made is the same labels for a counter and for a histogram.
type made struct {
	add    []metric.AddOption
	record []metric.RecordOption
}

func newLabels(first, second attribute.Key) *labels {
	return &labels{
		first: first, second: second,
		made:   map[[2]string]made{},
		values: map[attribute.Key]map[string]bool{first: {}, second: {}},
	}
}

func (l *labels) add(first, second string) []metric.AddOption { return l.get(first, second).add }
func (l *labels) record(first, second string) []metric.RecordOption {
	return l.get(first, second).record
}

func (l *labels) get(first, second string) made {
	l.mu.RLock()
	m, ok := l.made[[2]string{first, second}]
	l.mu.RUnlock()
	if ok {
		return m
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	attributes := []attribute.KeyValue{l.first.String(l.bounded(l.first, first))}
	if l.second != "" {
		attributes = append(attributes, l.second.String(l.bounded(l.second, second)))
	}
	option := metric.WithAttributeSet(attribute.NewSet(attributes...))
	m = made{[]metric.AddOption{option}, []metric.RecordOption{option}}
	if len(l.made) < maxValues*maxValues {
		l.made[[2]string{strings.Clone(first), strings.Clone(second)}] = m
	}
	return m
}

func (l *labels) bounded(key attribute.Key, value string) string {
	value = strings.ReplaceAll(strings.ToLower(value), " ", "_")
	seen := l.values[key]
	switch {
	case seen[value]:
		return value
	case !plainWords(value) || len(seen) >= maxValues-1: // other is one, too
		return other
	}
	seen[strings.Clone(value)] = true
	return value
}

func plainWords(value string) bool {
	if value == "" || len(value) > maxLength {
		return false
	}
	for _, c := range []byte(value) {
		if (c < 'a' || c > 'z') && c != '_' && c != '-' && c != ':' {
			return false
		}
	}
	return true
}
