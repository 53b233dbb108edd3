package observe_test

import (
	"compress/gzip"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"

	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"

	metricspb "go.opentelemetry.io/proto/otlp/collector/metrics/v1"
	tracepb "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	metrics "go.opentelemetry.io/proto/otlp/metrics/v1"
	trace "go.opentelemetry.io/proto/otlp/trace/v1"
)

// receiver takes OTLP over HTTP, as a collector does.
type receiver struct {
	url string

	mu       sync.Mutex
	requests []http.Header // with the path under ":path"
	spans    []*trace.Span
	metrics  []*metrics.Metric
	// everything is all that was sent, in words.
	everything strings.Builder
}

func newReceiver(t testing.TB) *receiver {
	r := &receiver{}
	server := httptest.NewServer(r)
	t.Cleanup(server.Close)
	r.url = server.URL
	return r
}

func (r *receiver) ServeHTTP(w http.ResponseWriter, request *http.Request) {
	if err := r.take(request); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	w.Header().Set("Content-Type", "application/x-protobuf") // an empty message: all was taken
}

func (r *receiver) take(request *http.Request) error {
	body := io.Reader(request.Body)
	if request.Header.Get("Content-Encoding") == "gzip" {
		unzipped, err := gzip.NewReader(request.Body)
		if err != nil {
			return err
		}
		body = unzipped
	}
	content, err := io.ReadAll(body)
	if err != nil {
		return err
	}
	var spans tracepb.ExportTraceServiceRequest
	var measured metricspb.ExportMetricsServiceRequest
	message := proto.Message(&measured)
	if strings.HasSuffix(request.URL.Path, "/v1/traces") {
		message = &spans
	}
	if err := proto.Unmarshal(content, message); err != nil {
		return fmt.Errorf("%s: %w", request.URL.Path, err)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	header := request.Header.Clone()
	header[":path"] = []string{request.URL.Path}
	r.requests = append(r.requests, header)
	r.everything.WriteString(protojson.Format(message))
	for _, resource := range spans.ResourceSpans {
		for _, scope := range resource.ScopeSpans {
			r.spans = append(r.spans, scope.Spans...)
		}
	}
	for _, resource := range measured.ResourceMetrics {
		for _, scope := range resource.ScopeMetrics {
			r.metrics = append(r.metrics, scope.Metrics...)
		}
	}
	return nil
}

// tree is one trace: its id, and a line for each span, below its parent.
type tree struct {
	id     string
	spans  map[string]*trace.Span
	roots  []string
	below  map[string][]string
	orphan int // spans whose parent is not there
}

// traces puts the spans together.
func (r *receiver) traces() map[string]*tree {
	r.mu.Lock()
	defer r.mu.Unlock()
	all := map[string]*tree{}
	for _, span := range r.spans {
		id := hex.EncodeToString(span.TraceId)
		if all[id] == nil {
			all[id] = &tree{id: id, spans: map[string]*trace.Span{}, below: map[string][]string{}}
		}
		all[id].spans[hex.EncodeToString(span.SpanId)] = span
	}
	for _, t := range all {
		for id, span := range t.spans {
			parent := hex.EncodeToString(span.ParentSpanId)
			switch {
			case parent == "":
				t.roots = append(t.roots, id)
			case t.spans[parent] == nil:
				t.orphan++
			default:
				t.below[parent] = append(t.below[parent], id)
			}
		}
		for _, children := range t.below {
			slices.SortFunc(children, func(a, b string) int {
				return int(int64(t.spans[a].StartTimeUnixNano) - int64(t.spans[b].StartTimeUnixNano)) //nolint:gosec // times of today
			})
		}
	}
	return all
}

// String draws the tree, with what it says in words and without ids.
func (t *tree) String() string {
	var b strings.Builder
	for _, root := range t.roots {
		t.draw(&b, root, "")
	}
	return b.String()
}

func (t *tree) draw(b *strings.Builder, id, indent string) {
	span := t.spans[id]
	fmt.Fprintf(b, "%s%s", indent, span.Name)
	for _, a := range span.Attributes {
		switch a.Key {
		case "iagent.outcome", "http.response.status_code":
			fmt.Fprintf(b, " %v", value(a.Value.GetStringValue(), a.Value.GetIntValue()))
		case "iagent.source":
			if a.Value.GetStringValue() == "reconciled" {
				b.WriteString(" (fetched)")
			}
		}
	}
	if n := len(span.Links); n > 0 {
		fmt.Fprintf(b, " [%d links]", n)
	}
	b.WriteString("\n")
	for _, child := range t.below[id] {
		t.draw(b, child, indent+"  ")
	}
}

func value(text string, number int64) any {
	if text != "" {
		return text
	}
	return number
}

// has says whether there is a span with this beginning of a name below the span with the other.
func (t *tree) has(parent, child string) bool {
	for id, span := range t.spans {
		if strings.HasPrefix(span.Name, parent) && t.hasBelow(id, child) {
			return true
		}
	}
	return false
}

func (t *tree) hasBelow(id, name string) bool {
	return slices.ContainsFunc(t.below[id], func(child string) bool {
		return strings.HasPrefix(t.spans[child].Name, name) || t.hasBelow(child, name)
	})
}
