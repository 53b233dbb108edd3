package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"strconv"
	"sync"
	"sync/atomic"
	"time"
)

// answers counts what came back.
type answers struct{ first, duplicate, other atomic.Int64 }

// inParallel lets workers take the numbers from 0 to n, each one after its last, and returns how long each number took.
// The first error ends it.
func inParallel(ctx context.Context, workers, n int, work func(ctx context.Context, worker, i int) error) ([]time.Duration, time.Duration, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	took := make([]time.Duration, n)
	var next atomic.Int64
	var wg sync.WaitGroup
	begin := time.Now()
	for worker := range workers {
		wg.Go(func() {
			for ctx.Err() == nil {
				i := int(next.Add(1)) - 1
				if i >= n {
					return
				}
				start := time.Now()
				if err := work(ctx, worker, i); err != nil {
					cancel(err)
					return
				}
				took[i] = time.Since(start)
			}
		})
	}
	wg.Wait()
	return took, time.Since(begin), context.Cause(ctx)
}

// client is one keep-alive connection. It does as little as it can: the load must leave the processors to the server.
type client struct {
	conn net.Conn
	in   *bufio.Reader
	body []byte
}

func dial(ctx context.Context, address string) (*client, error) {
	var d net.Dialer
	conn, err := d.DialContext(ctx, "tcp", address)
	if err != nil {
		return nil, err
	}
	return &client{conn: conn, in: bufio.NewReader(conn), body: make([]byte, 0, 512)}, nil
}

// send writes a request, and reads and counts its answer.
func (c *client) send(r *request, a *answers) error {
	if err := c.conn.SetDeadline(time.Now().Add(20 * time.Second)); err != nil {
		return err
	}
	if _, err := c.conn.Write(r.raw); err != nil {
		return fmt.Errorf("sending a webhook: %w", err)
	}
	status, err := c.receive()
	switch {
	case err != nil:
		return fmt.Errorf("reading the answer to a webhook: %w", err)
	case status != 200:
		if a.other.Add(1) == 1 {
			fmt.Printf("first answer other than 200: %d %s\n", status, c.body)
		}
	case bytes.Contains(c.body, []byte(`"duplicate":true`)):
		a.duplicate.Add(1)
	case bytes.HasPrefix(c.body, []byte(`{"success":true`)):
		a.first.Add(1)
	default:
		a.other.Add(1)
	}
	return nil
}

// receive reads an answer with a Content-Length; c.body holds it until the next one.
func (c *client) receive() (status int, err error) {
	line, err := c.in.ReadSlice('\n')
	if err != nil {
		return 0, err
	}
	if len(line) < 12 || !bytes.HasPrefix(line, []byte("HTTP/1.1 ")) {
		return 0, fmt.Errorf("not an HTTP/1.1 answer: %q", line)
	}
	if status, err = strconv.Atoi(string(line[9:12])); err != nil {
		return 0, err
	}
	length := -1
	for {
		line, err := c.in.ReadSlice('\n')
		if err != nil {
			return 0, err
		}
		line = bytes.TrimRight(line, "\r\n")
		if len(line) == 0 {
			break
		}
		if value, ok := bytes.CutPrefix(line, []byte("Content-Length: ")); ok {
			if length, err = strconv.Atoi(string(value)); err != nil {
				return 0, err
			}
		}
	}
	if length < 0 {
		return 0, errors.New("an answer without Content-Length")
	}
	c.body = c.body[:0]
	for len(c.body) < length {
		part, err := c.in.Peek(min(length-len(c.body), c.in.Size()))
		if err != nil {
			return 0, err
		}
		c.body = append(c.body, part...)
		if _, err := c.in.Discard(len(part)); err != nil {
			return 0, err
		}
	}
	return status, nil
}

// clients are the connections of the load.
type clients []*client

func dialAll(ctx context.Context, address string, n int) (clients, error) {
	var list clients
	for range n {
		c, err := dial(ctx, address)
		if err != nil {
			list.close()
			return nil, err
		}
		list = append(list, c)
	}
	return list, nil
}

func (list clients) close() {
	for _, c := range list {
		c.conn.Close()
	}
}

// send sends the requests over all connections at once.
func (list clients) send(ctx context.Context, requests []*request, a *answers) ([]time.Duration, time.Duration, error) {
	return inParallel(ctx, len(list), len(requests), func(_ context.Context, worker, i int) error {
		return list[worker].send(requests[i], a)
	})
}
