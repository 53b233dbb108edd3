package telemetry

import (
	"fmt"
	"io"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"sync"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"

	semconv "go.opentelemetry.io/otel/semconv/v1.40.0"
)

// Transport makes each request to an outside service a span within that of its context. The span says where the request went
// and what came back, with no id in the path, no query and no header: those may hold a phone number. Nothing is added to the
// request. A request whose context has no sampled span is passed on.
type Transport struct {
	// Next sends the request; nil means http.DefaultTransport.
	Next http.RoundTripper
	// OnAnswer, if set, is called with the status of each answer, or with why there is none.
	OnAnswer func(status int, err error)
}

// RoundTrip sends the request. The span ends when the body of the answer was read or closed.
func (t Transport) RoundTrip(r *http.Request) (*http.Response, error) {
	next := t.Next
	if next == nil {
		next = http.DefaultTransport
	}
	if t.OnAnswer != nil {
		next = observed{next, t.OnAnswer}
	}
	if !Sampled(r.Context()) {
		return next.RoundTrip(r)
	}
	template := pathTemplate(r.URL.Path)
	attributes := []attribute.KeyValue{semconv.HTTPRequestMethodKey.String(r.Method), semconv.ServerAddress(r.URL.Hostname()), semconv.URLTemplate(template)}
	if port, err := strconv.Atoi(r.URL.Port()); err == nil {
		attributes = append(attributes, semconv.ServerPort(port))
	}
	ctx, span := StartChild(r.Context(), r.Method+" "+template, attributes...)
	answer, err := next.RoundTrip(r.WithContext(ctx))
	if err != nil {
		span.SetAttributes(semconv.ErrorTypeKey.String(fmt.Sprintf("%T", err)))
		span.SetStatus(codes.Error, "no answer") // the error's own words may hold the URL
		span.End()
		return answer, err
	}
	span.SetAttributes(semconv.HTTPResponseStatusCode(answer.StatusCode))
	if answer.StatusCode >= 400 {
		span.SetAttributes(semconv.ErrorTypeKey.String(strconv.Itoa(answer.StatusCode)))
		span.SetStatus(codes.Error, "")
	}
	if answer.Body == nil || answer.Body == http.NoBody {
		span.End()
		return answer, nil
	}
	answer.Body = &tracedBody{ReadCloser: answer.Body, span: span}
	return answer, nil
}

// observed tells of each answer.
type observed struct {
	next     http.RoundTripper
	onAnswer func(status int, err error)
}

// RoundTrip sends the request.
func (o observed) RoundTrip(r *http.Request) (*http.Response, error) {
	answer, err := o.next.RoundTrip(r)
	status := 0
	if answer != nil {
		status = answer.StatusCode
	}
	o.onAnswer(status, err)
	return answer, err
}

// tracedBody ends its span when there is nothing more to read.
type tracedBody struct {
	io.ReadCloser
	span trace.Span
	end  sync.Once
}

func (b *tracedBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if err != nil {
		b.end.Do(func() { b.span.End() })
	}
	return n, err
}

// Close closes the body.
func (b *tracedBody) Close() error {
	b.end.Do(func() { b.span.End() })
	return b.ReadCloser.Close()
}

// pathWord is a segment of a path that names no call, account or person.
var pathWord = regexp.MustCompile(`^(?:v[0-9]+|2010-04-01|[A-Za-z_-]{1,32}(?:\.json)?)$`)

// pathTemplate is a path with {id} for each segment that is no word, such as /2010-04-01/Accounts/{id}/Calls.json.
func pathTemplate(path string) string {
	segments := strings.Split(path, "/")
	for i, segment := range segments {
		if segment != "" && !pathWord.MatchString(segment) {
			segments[i] = "{id}"
		}
	}
	return strings.Join(segments, "/")
}
