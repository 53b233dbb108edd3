package console

import (
	"cmp"
	"encoding/csv"
	"log/slog"
	"net/http"
	"strconv"
	"time"

	"github.com/i-agent/iagent/internal/export"
	"github.com/i-agent/iagent/internal/interview"
	"github.com/i-agent/iagent/internal/store"
)

// rowsAtOnce is how many calls of a CSV are in memory.
const rowsAtOnce = 200

// callsCSV answers with all calls of a filter, part by part.
func (c *Console) callsCSV(w http.ResponseWriter, r *http.Request, role Role) error {
	_, query, err := tokens(r, c.path("/calls"), store.CallConditions()...)
	if err != nil {
		return err
	}
	by, err := c.callFilter(query, role)
	if err != nil {
		return err
	}
	part, err := c.store.Calls(r.Context(), by, store.Page{Limit: rowsAtOnce})
	if err != nil {
		return err
	}
	header := w.Header()
	header.Set("Content-Type", "text/csv; charset=utf-8")
	header.Set("Content-Disposition", `attachment; filename="calls-`+c.now().UTC().Format("20060102-150405")+`.csv"`)
	header.Set("Cache-Control", "no-store")
	deadline := http.NewResponseController(w)
	out := csv.NewWriter(w)
	_ = out.Write([]string{"id", "createdAt", "campaignId", "phoneNumber", "status", "consentGiven", "answeredBy", "duration", "startedAt", "completedAt",
		"errorCode", "errorMessage", "callSid", "simulated", "direction"})
	for {
		for _, call := range part.Items {
			_ = out.Write(callRow(call, role)) // Flush has its error
		}
		_ = deadline.SetWriteDeadline(time.Now().Add(time.Minute)) // that of the server is for the whole answer
		if out.Flush(); out.Error() != nil {
			return nil // nobody reads it any more
		}
		if part.Next == "" {
			return nil
		}
		if part, err = c.store.Calls(r.Context(), by, store.Page{Limit: rowsAtOnce, After: part.Next}); err != nil {
			if r.Context().Err() == nil {
				c.log.ErrorContext(r.Context(), "writing a CSV", slog.Any("error", err))
			}
			panic(http.ErrAbortHandler) // a file that ends too early must not look complete
		}
	}
}

// extendWrite gives an answer that is written part by part the time for its next part.
func extendWrite(w http.ResponseWriter) {
	_ = http.NewResponseController(w).SetWriteDeadline(time.Now().Add(time.Minute)) // where there is none, nothing ends it either
}

func callRow(call interview.Call, role Role) []string {
	code := ""
	if call.ErrorCode != 0 {
		code = strconv.Itoa(call.ErrorCode)
	}
	duration := ""
	if call.Duration != nil {
		duration = strconv.Itoa(*call.Duration)
	}
	consents := map[interview.Consent]string{interview.ConsentGiven: "true", interview.ConsentRefused: "false"}
	row := []string{call.ID, stamp(&call.CreatedAt), call.CampaignID, shownNumber(role, call.PhoneNumber), string(call.Status), consents[call.Consent],
		string(call.AnsweredBy), duration, stamp(call.StartedAt), stamp(call.CompletedAt), code, shownText(role, call.ErrorMessage), call.TwilioSid, strconv.FormatBool(call.Simulated),
		string(cmp.Or(call.Direction, interview.DirectionOutbound))}
	for n := range row {
		row[n] = export.HarmlessCell(row[n])
	}
	return row
}

func stamp(at *time.Time) string {
	if at == nil {
		return ""
	}
	return at.UTC().Format(time.RFC3339)
}
