package jobs

import (
	"context"
	"errors"
	"runtime/debug"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/rivertype"

	"github.com/i-agent/iagent/internal/fault"
)

// storedErrors is a middleware of River's that makes of every error, a panic too, what may be stored of it: River keeps the
// errors of a job in a table that no erasure knows call by call.
var storedErrors = river.WorkerMiddlewareFunc(func(ctx context.Context, _ *rivertype.JobRow, work func(context.Context) error) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = errors.New(fault.Of(fault.Panicked(r, debug.Stack())).String())
		}
	}()
	err = work(ctx)
	if err == nil || errors.As(err, new(*river.JobSnoozeError)) || errors.As(err, new(*river.JobCancelError)) {
		return err
	}
	return errors.New(fault.Of(err).String())
})
