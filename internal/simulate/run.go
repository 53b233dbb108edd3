package simulate

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/i-agent/iagent/simulator"
)

// Run plays the calls and says what came of them. The error is an *ArgumentError, or says why nothing could be
// played at all; what the application did wrong is in the result. A context that ends cuts the run short, and the
// result says so.
func Run(ctx context.Context, options Options) (*Result, error) {
	options, faults, err := options.withDefaults()
	if err != nil {
		return nil, err
	}
	listener, err := net.Listen("tcp", options.Listen)
	if err != nil {
		return nil, &ArgumentError{[]string{fmt.Sprintf("--listen: %v", err)}}
	}
	r := &run{options: options, url: "http://" + listener.Addr().String()}
	if r.sim, err = simulator.New(options.config(faults, r.url)); err != nil {
		_ = listener.Close()
		return nil, err
	}
	server := &http.Server{Handler: r, ReadHeaderTimeout: 10 * time.Second}
	served := make(chan struct{})
	go func() {
		defer close(served)
		_ = server.Serve(listener)
	}()
	defer func() {
		_ = server.Close()
		<-served
	}()
	defer func() { _ = r.sim.Close() }()
	return r.play(ctx, faults)
}

// run is one run while it goes on.
type run struct {
	options Options
	url     string
	sim     *simulator.Simulator
	asked   atomic.Int64 // when the application last asked for something, in Unix nanoseconds
}

// ServeHTTP serves what the simulator does.
func (r *run) ServeHTTP(w http.ResponseWriter, request *http.Request) {
	defer func() { r.asked.Store(time.Now().UnixNano()) }()
	r.sim.ServeHTTP(w, request)
}

// over says whether nothing more is to be expected.
func (r *run) over(now simulator.Progress) bool {
	if now.Ended < r.options.Calls || now.Ended < now.Calls {
		return false
	}
	return !r.options.WaitForCalls || time.Since(time.Unix(0, r.asked.Load())) >= r.options.Linger
}

func (o Options) config(faults simulator.Faults, url string) simulator.Config {
	cast := simulator.MixedPeople()
	if o.Cast != nil {
		cast = *o.Cast
	}
	return simulator.Config{
		AccountSid: o.AccountSid, AuthToken: o.AuthToken, OldToken: o.OldToken, Seed: o.Seed, Run: o.Run, Faults: faults,
		Pick: cast.Pick(o.Seed), BaseURL: url, Speed: o.Speed, MarksDuplicates: o.MarksDuplicates, Model: o.Model,
	}
}

// play places the calls, or waits for them, and sees them to their end.
func (r *run) play(ctx context.Context, faults simulator.Faults) (*Result, error) {
	bounded, cancel := context.WithTimeoutCause(ctx, r.options.Within, fmt.Errorf("not done within %s", r.options.Within))
	defer cancel()
	show := newProgress(r.options, r.url)
	began := time.Now()
	placed := make(chan error, 1)
	go func() { placed <- r.place(bounded) }()
	ticker := time.NewTicker(100 * time.Millisecond)
	defer ticker.Stop()
	err := errNotPlaced
	for running := true; running; {
		now := r.sim.Progress()
		show.update(now, time.Since(began))
		if !errors.Is(err, errNotPlaced) && (err != nil || r.over(now)) {
			break
		}
		select {
		case err = <-placed:
		case <-bounded.Done():
			running = false
		case <-ticker.C:
		}
	}
	cut := context.Cause(bounded)
	cancel() // what still runs is cut short
	if errors.Is(err, errNotPlaced) {
		err = <-placed
	}
	took := time.Since(began)
	show.end()
	if err != nil && cut == nil {
		return nil, err
	}
	open := r.sim.Progress()
	_ = r.sim.Close()
	result := newResult(r.options, faults, r.sim, took)
	result.judgeEnd(r.options, open, cut)
	result.Print(r.options.Out)
	return result, nil
}

var errNotPlaced = errors.New("calls are still being placed")

// place starts the calls at their rate; with WaitForCalls there is nothing to do.
func (r *run) place(ctx context.Context) error {
	if r.options.WaitForCalls {
		return nil
	}
	interval := time.Duration(float64(time.Second) / r.options.Rate)
	began := time.Now()
	timer := time.NewTimer(0)
	defer timer.Stop()
	for i := range r.options.Calls {
		select {
		case <-timer.C:
		case <-ctx.Done():
			return nil // the result says that they are missing
		}
		_, err := r.sim.Place(ctx, simulator.PlaceOptions{
			To: fmt.Sprintf("+1555%07d", 1000+i), From: r.options.From, URL: r.options.URL, StatusURL: r.options.StatusURL,
			RecordingURL: r.options.RecordingURL, FallbackURL: r.options.FallbackURL, Inbound: r.options.Inbound,
		})
		if err != nil && ctx.Err() == nil {
			return err
		}
		timer.Reset(time.Until(began.Add(time.Duration(i+1) * interval)))
	}
	return nil
}
