package app

import (
	"context"

	"github.com/i-agent/iagent/internal/bulk"
	"github.com/i-agent/iagent/internal/replay"
	"github.com/i-agent/iagent/internal/store"
)

// newBulk runs the bulk jobs of this process; its replays are those of the command.
func (a *App) newBulk() *bulk.Runner {
	with := func(how store.Replay) replay.Config {
		return replay.Config{Store: a.store, Processor: a.processor, Replay: how}
	}
	return bulk.New(bulk.Config{
		Store: a.store, Log: a.log, Now: a.options.Now,
		Replay: func(ctx context.Context, events []store.Replayable, how store.Replay, each func(string)) error {
			return with(how).Run(ctx, events, func(row replay.Row) {
				if row.Verdict != replay.Stopped {
					each(string(row.Verdict))
				}
			})
		},
		Try: func(ctx context.Context, events []store.Replayable, each func(bulk.Tried)) error {
			of := map[string]store.Replayable{}
			for _, e := range events {
				of[e.ID] = e
			}
			return with(store.Replay{}).Try(ctx, events, func(row replay.Row) {
				each(bulk.Tried{Replayable: of[row.ID], Outcome: string(row.Verdict), Detail: row.Detail})
			})
		},
	})
}
