package simulator

import (
	"context"
	"io"
	"net/http/httptrace"
	"sync/atomic"
	"time"
)

// responseTimer bounds how long one HTTP exchange may take: ct for the connection, then rt from the sending of the request to the
// first packet of the answer, and again between packets (Twilio: Webhooks connection overrides).
type responseTimer struct {
	read      time.Duration
	timer     *time.Timer
	cancel    context.CancelFunc
	connected atomic.Bool
	expired   atomic.Bool
}

// newResponseTimer returns the context of an exchange. A transport that tells nothing of its connections gets both times together.
func newResponseTimer(ctx context.Context, policy overrides) (context.Context, *responseTimer) {
	p := &responseTimer{read: policy.read}
	ctx, p.cancel = context.WithCancel(context.WithValue(ctx, connectTimeout{}, policy.connect))
	p.timer = time.AfterFunc(policy.connect+policy.read, func() {
		p.expired.Store(true)
		p.cancel()
	})
	return httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		GetConn: func(string) { p.timer.Reset(policy.connect) },
		GotConn: func(httptrace.GotConnInfo) {
			p.connected.Store(true)
			p.restart()
		},
		WroteRequest:         func(httptrace.WroteRequestInfo) { p.restart() },
		GotFirstResponseByte: p.restart,
	}), p
}

// restart begins rt again, unless it is over.
func (p *responseTimer) restart() {
	if !p.expired.Load() {
		p.timer.Reset(p.read)
	}
}

func (p *responseTimer) stop() {
	p.timer.Stop()
	p.cancel()
}

// reading is an answer's body, each piece of which has rt to arrive.
func (p *responseTimer) reading(body io.Reader) io.Reader { return timedReader{body, p} }

type timedReader struct {
	io.Reader
	responseTimer *responseTimer
}

func (r timedReader) Read(b []byte) (int, error) {
	n, err := r.Reader.Read(b)
	r.responseTimer.restart()
	return n, err
}
