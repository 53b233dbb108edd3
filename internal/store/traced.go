package store

import (
	"context"
	"database/sql"
	"errors"
	"strings"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"

	"github.com/i-agent/iagent/internal/fault"
	"github.com/i-agent/iagent/internal/telemetry"

	semconv "go.opentelemetry.io/otel/semconv/v1.40.0"
)

// span runs one round trip to the database as a span within that of ctx, if there is one that is sampled. The span has verbs and
// tables, and nothing of a statement's arguments or of an error's words.
func (s *Store) span(ctx context.Context, roundTrip func(context.Context) error, statements ...string) error {
	if !telemetry.Sampled(ctx) {
		return roundTrip(ctx)
	}
	ctx, end := s.startSpan(ctx, statements...)
	err := roundTrip(ctx)
	end(err)
	return err
}

func (s *Store) startSpan(ctx context.Context, statements ...string) (context.Context, func(error)) {
	system := semconv.DBSystemNamePostgreSQL
	if s.postgres == nil {
		system = semconv.DBSystemNameSQLite
	}
	summaries := make([]string, len(statements))
	for i, statement := range statements {
		summaries[i] = summary(statement)
	}
	name := strings.Join(summaries, "; ")
	attributes := []attribute.KeyValue{system, semconv.DBQuerySummary(name)}
	if len(statements) > 1 {
		name = batchName(summaries)
		attributes = append(attributes, semconv.DBOperationBatchSize(len(statements)))
	}
	ctx, span := telemetry.StartChild(ctx, name, attributes...)
	return ctx, func(err error) {
		if err != nil {
			span.SetStatus(codes.Error, fault.Of(err).String())
		}
		span.End()
	}
}

// batchName names statements that are sent together by the first that has a table, and says whether they end the transaction.
func batchName(summaries []string) string {
	name := "BATCH"
	for _, s := range summaries {
		if strings.Contains(s, " ") {
			name += " " + s
			break
		}
	}
	if summaries[len(summaries)-1] == "COMMIT" {
		name += "; COMMIT"
	}
	return name
}

// summary is the verb and the first table of a statement of ours.
func summary(statement string) string {
	words := strings.Fields(strings.Replace(statement, "UPDATE OR FAIL ", "UPDATE ", 1))
	if len(words) == 0 {
		return ""
	}
	verb := words[0]
	if verb == "WITH" { // a bulk update
		verb = "UPDATE"
	}
	before := map[string]string{"SELECT": "FROM", "DELETE": "FROM", "INSERT": "INTO", "UPDATE": "UPDATE"}[verb]
	for i, word := range words[:len(words)-1] {
		if table := strings.Trim(words[i+1], "(),;"); before != "" && word == before && table != "" && table != "SELECT" {
			return verb + " " + table
		}
	}
	return verb
}

// tracing is q, with a span for each statement if ctx has one that is sampled.
func (s *Store) tracing(ctx context.Context, q querier) querier {
	if !telemetry.Sampled(ctx) {
		return q
	}
	return tracedQuerier{q, s}
}

// tracedQuerier makes each statement a span.
type tracedQuerier struct {
	querier
	store *Store
}

func (q tracedQuerier) Exec(ctx context.Context, sql string, args ...any) (n int64, err error) {
	err = q.store.span(ctx, func(ctx context.Context) error {
		n, err = q.querier.Exec(ctx, sql, args...)
		return err
	}, sql)
	return n, err
}

func (q tracedQuerier) Query(ctx context.Context, sql string, args ...any) (rows, error) {
	if !telemetry.Sampled(ctx) {
		return q.querier.Query(ctx, sql, args...)
	}
	ctx, end := q.store.startSpan(ctx, sql)
	r, err := q.querier.Query(ctx, sql, args...)
	if err != nil {
		end(err)
		return r, err
	}
	return tracedRows{r, end}, nil
}

func (q tracedQuerier) QueryRow(ctx context.Context, sql string, args ...any) row {
	if !telemetry.Sampled(ctx) {
		return q.querier.QueryRow(ctx, sql, args...)
	}
	ctx, end := q.store.startSpan(ctx, sql)
	return tracedRow{q.querier.QueryRow(ctx, sql, args...), end}
}

// tracedRow ends its span when it was scanned. That there is no row is no fault.
type tracedRow struct {
	row
	end func(error)
}

func (r tracedRow) Scan(dest ...any) error {
	err := r.row.Scan(dest...)
	if errors.Is(err, sql.ErrNoRows) {
		r.end(nil)
		return err
	}
	r.end(err)
	return err
}

// tracedRows ends its span when it is closed.
type tracedRows struct {
	rows
	end func(error)
}

func (r tracedRows) Close() {
	r.rows.Close()
	r.end(r.Err())
}

// startBatch makes a transaction of webhooks a span. It is below the span of the first of them that is sampled, and linked
// with those of the others, which wait for the same commit.
func startBatch(ctx context.Context, deliveries []*delivery) (context.Context, trace.Span) {
	var batch trace.Span
	for i, d := range deliveries {
		switch {
		case d.span == nil || !d.span.IsRecording():
		case batch == nil:
			ctx, batch = telemetry.StartChild(trace.ContextWithSpan(ctx, d.span), "webhook batch", attribute.Int("iagent.batch.size", len(deliveries)))
			for _, other := range deliveries[i+1:] {
				if other.span != nil && other.span.IsRecording() {
					batch.AddLink(trace.Link{SpanContext: other.span.SpanContext()})
				}
			}
		default:
			d.span.AddLink(trace.Link{SpanContext: batch.SpanContext()})
		}
	}
	return ctx, batch
}

// endBatch ends the span of a transaction of webhooks, if it has one.
func endBatch(batch trace.Span, err error) {
	if batch == nil {
		return
	}
	if err != nil {
		batch.SetStatus(codes.Error, fault.Of(err).String())
	}
	batch.End()
}
