package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"time"

	"github.com/i-agent/iagent/internal/fault"
	"github.com/i-agent/iagent/internal/telemetry"
)

// A service is said to be lost when so many requests in a row failed over so long a time: one may fail at any time, and a model
// server is asked several times for one answer.
const (
	lostAfter   = 3
	lostLasting = 5 * time.Second
)

// watchService returns what is to be called with the status of each answer of a service, or why there is none: then the log says
// once that the service is lost, and once that it is back, as it does of the database. Until then runs wait.
func (a *App) watchService(name string) func(status int, err error) {
	outage := telemetry.NewOutage(a.log, slog.LevelError, name, lostAfter, lostLasting)
	return func(status int, err error) {
		switch {
		case errors.Is(err, context.Canceled): // by us
		case err != nil:
			reason, _ := fault.Cause(err)
			outage.Failed(a.now(), slog.String("error", reason))
		case status >= 500 && fault.OfStatus(status) == fault.Transient:
			outage.Failed(a.now(), slog.String("error", fmt.Sprint(status, " ", http.StatusText(status))))
		default:
			outage.Answered(a.now())
		}
	}
}
