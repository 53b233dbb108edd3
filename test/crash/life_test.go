package crash_test

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"testing"
	"time"

	"github.com/i-agent/iagent/internal/app"
	"github.com/i-agent/iagent/internal/store"
	"github.com/i-agent/iagent/test/program"
)

// life is the program within this process, from one crash to the next.
type life struct {
	app    *app.App
	cancel context.CancelFunc
	ended  chan struct{}
	err    error // how it ended; to be read after ended
}

// begin opens the program on a database. Its clock is ahead of the last life's, so that what the dead one was doing
// counts as lost at once.
func begin(t *testing.T, stage *program.Stage, databaseURL string, ahead time.Duration, fuse *fuse) *life {
	t.Helper()
	a, err := app.Open(t.Context(), app.Config{
		AuthToken: program.Token, AccountSid: program.Account, PhoneNumber: program.Number, APIURL: stage.URL,
		URL: program.PublicURL, DatabaseURL: databaseURL, Host: "127.0.0.1", Port: "0", AdminToken: program.AdminToken,
		OpenAIBaseURL: stage.URL + "/v1", OpenAIKey: program.ModelsToken, TranscribeModel: "simulated", ExtractModel: "simulated",
		JobsEngine: "river", Retention: "168h", DialsPerMinute: "10000", LogFormat: "text", LogLevel: "error",
	}, app.Options{
		Log: slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelWarn})), StopWithin: 100 * time.Millisecond,
		Now:   func() time.Time { return time.Now().Add(ahead) },
		Store: store.Options{Around: fuse.around},
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	l := &life{app: a, cancel: cancel, ended: make(chan struct{})}
	go func() {
		defer close(l.ended)
		l.err = a.Run(ctx)
	}()
	stage.Lead(func() string { return "http://" + a.Addr().String() })
	t.Cleanup(l.kill)
	return l
}

// end ends a life, which must have lasted until now.
func (l *life) end(t *testing.T) {
	t.Helper()
	if l.kill(); l.err != nil {
		t.Errorf("the program ended by itself: %v", l.err)
	}
}

func (l *life) kill() {
	l.cancel()
	<-l.ended
	l.app.Close()
}

// fuse lets a number of statements through, commits among them, and is dead from then on, as a process is that was
// killed after its last statement had reached the database and before it heard of that.
type fuse struct {
	mu    sync.Mutex
	left  int           // until it blows; 0: it is not armed
	blown chan struct{} // closed when it blows
}

var errDead = errors.New("the process is dead")

func newFuse() *fuse { return &fuse{blown: make(chan struct{})} }

// arm makes it blow after n more statements, n from 1.
func (f *fuse) arm(n int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.left = n
}

func (f *fuse) around(statement func() error) error {
	select {
	case <-f.blown:
		return errDead
	default:
	}
	f.mu.Lock()
	last := f.left == 1
	f.left = max(f.left-1, 0)
	f.mu.Unlock()
	if !last {
		return statement()
	}
	err := statement()
	close(f.blown)
	return errors.Join(errDead, err)
}
