package store

import (
	"context"
	"database/sql"
	"errors"
	"io/fs"
	"os"
	"strconv"
	"sync"
	"time"
)

// ownFiles makes the database's files readable by their owner alone: a new one is created so, and SQLite creates the files
// beside it with the same permissions. Those of an earlier version are closed to others; files of another owner stay as
// they are, and LooseFiles names them.
func ownFiles(path string) error {
	if path == ":memory:" {
		return nil
	}
	file, err := os.OpenFile(path, os.O_RDONLY|os.O_CREATE, 0o600)
	if err != nil {
		return err
	}
	if err := file.Close(); err != nil {
		return err
	}
	for _, name := range looseFiles(path) {
		if info, err := os.Stat(name); err == nil {
			_ = os.Chmod(name, info.Mode().Perm()&^0o077)
		}
	}
	return nil
}

// looseFiles are the files of a database that others than their owner may read or write.
func looseFiles(path string) (loose []string) {
	for _, suffix := range []string{"", "-wal", "-shm", "-journal"} {
		if info, err := os.Stat(path + suffix); err == nil && info.Mode().Perm()&0o077 != 0 {
			loose = append(loose, path+suffix)
		}
	}
	return loose
}

// LooseFiles are the files of the database that others than their owner may read or write, and that could not be closed
// to them.
func (s *Store) LooseFiles() []string {
	if s.sqlite == nil {
		return nil
	}
	return looseFiles(s.sqlite.log.path)
}

const (
	// walWait is how long cleaning the log may hold up a writer.
	walWait = 50 * time.Millisecond
	// The pauses between attempts while somebody reads an older state: doubling.
	minWALPause = 20 * time.Millisecond
	maxWALPause = 5 * time.Second
	// walTries bounds the attempts, about half an hour. The next erasure and the next start try again.
	walTries = 400
	// writerWait bounds the wait for the turn to hold up the writer.
	writerWait = 5 * time.Second
	// scrubWait is how long an erasure on request waits for the log to be clean.
	scrubWait = 5 * time.Second
)

// walCleaner empties the write-ahead log, which keeps what was erased until its pages are written over. It has a goroutine
// only while there is something to clean.
type walCleaner struct {
	path string
	// writer is the pool with the one connection that writes.
	writer *sql.DB
	// closing is closed with the store.
	closing chan struct{}
	once    sync.Once
	// copying is held while the log is copied into the database's file: two at once would fail.
	copying sync.Mutex

	mu      sync.Mutex
	next    *walPass // not begun yet, nil for none
	working bool
	idle    sync.WaitGroup
}

// walPass is one emptying of the log.
type walPass struct {
	// tried is closed after the first attempt, done when the log is empty or nobody tries any longer.
	tried, done chan struct{}
}

func newWALCleaner(path string, writer *sql.DB) *walCleaner {
	return &walCleaner{path: path, writer: writer, closing: make(chan struct{})}
}

// clean asks for the log to be emptied of all that was committed before, and does not wait for it.
func (w *walCleaner) clean() *walPass {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.next == nil {
		w.next = &walPass{tried: make(chan struct{}), done: make(chan struct{})}
	}
	pass := w.next
	if !w.working {
		w.working = true
		w.idle.Add(1)
		go w.work()
	}
	return pass
}

// work makes passes until none is asked for.
func (w *walCleaner) work() {
	defer w.idle.Done()
	for {
		w.mu.Lock()
		pass := w.next
		w.next = nil
		w.working = pass != nil
		w.mu.Unlock()
		if pass == nil {
			return
		}
		w.run(pass)
	}
}

func (w *walCleaner) run(pass *walPass) {
	defer close(pass.done)
	pause := minWALPause
	for try := range walTries {
		err := w.truncate()
		if try == 0 {
			close(pass.tried)
		}
		if err == nil {
			return
		}
		select {
		case <-w.closing:
			return
		case <-time.After(pause):
		}
		pause = min(2*pause, maxWALPause)
	}
}

var errWALBusy = errors.New("somebody reads or writes the log")

func (w *walCleaner) truncate() error {
	w.copying.Lock()
	defer w.copying.Unlock()
	return w.empty(walWait)
}

// empty copies the log into the database's file and empties it, on a connection of its own: it must not wait for a reader of an
// older state for as long as a transaction may. The writer waits meanwhile, at most for that long once it has its turn: a writer that
// begins again at once would leave no other connection the time to become the writer.
func (w *walCleaner) empty(most time.Duration) error {
	if info, err := os.Stat(w.path + "-wal"); errors.Is(err, fs.ErrNotExist) || err == nil && info.Size() == 0 {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), writerWait)
	defer cancel()
	writer, err := w.writer.Conn(ctx)
	if err != nil {
		return err
	}
	defer func() { _ = writer.Close() }()
	db, err := sql.Open("sqlite", w.path+"?_busy_timeout="+strconv.FormatInt(most.Milliseconds(), 10))
	if err != nil {
		return err
	}
	defer func() { _ = db.Close() }()
	var busy, frames, copied int
	if err := db.QueryRow("PRAGMA wal_checkpoint(TRUNCATE)").Scan(&busy, &frames, &copied); err != nil {
		return err
	}
	if busy != 0 {
		return errWALBusy
	}
	return nil
}

// close ends a pass that is under way and takes no more. The last connection to the file empties the log anyway.
func (w *walCleaner) close() {
	w.once.Do(func() { close(w.closing) })
	w.idle.Wait()
}

// awaitScrubbed waits for what was just erased to be gone from the database's files too, for a while: a reader of an older
// state may keep it there. Then it goes as soon as that reader ends.
func (s *Store) awaitScrubbed(ctx context.Context) {
	if s.sqlite == nil {
		return
	}
	timeout := time.NewTimer(scrubWait)
	defer timeout.Stop()
	select {
	case <-s.sqlite.log.clean().done:
	case <-timeout.C:
	case <-ctx.Done():
	}
}
