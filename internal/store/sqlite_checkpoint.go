package store

import (
	"context"
	"database/sql"
	"sync"
)

const (
	// checkpointAt is after how many written pages the log is copied into the database's file: the more, the fewer pages that
	// changed several times are copied.
	checkpointAt = 4000
	// walBound is at how many pages of the log (of 4 KiB) the writer copies the rest itself, so that the log begins anew: while it
	// goes on writing, nobody else can reach the log's end.
	walBound = 16_000
)

// checkpointer copies the write-ahead log into the database's file on a connection of its own, so that no writer waits for it. It
// has a goroutine only while there is something to copy.
type checkpointer struct {
	path string
	// copying is held while the log is copied: two at once would fail.
	copying *sync.Mutex

	// db is used by the one goroutine; nil before the first checkpoint.
	db *sql.DB

	mu              sync.Mutex
	pages           int // written since the last checkpoint began
	working, closed bool
	idle            sync.WaitGroup
}

// wrote notes that a transaction wrote so many pages into the log.
func (c *checkpointer) wrote(pages int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.pages += pages
	if c.pages < checkpointAt || c.working || c.closed {
		return
	}
	c.working = true
	c.idle.Add(1)
	go c.work()
}

// work copies for as long as enough is written meanwhile.
func (c *checkpointer) work() {
	defer c.idle.Done()
	for c.due() {
		c.copy()
	}
}

func (c *checkpointer) due() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.working = c.pages >= checkpointAt && !c.closed
	if c.working {
		c.pages = 0
	}
	return c.working
}

// copy copies what no reader of an older state needs to stay. If it fails, the writer will do it, and tell.
func (c *checkpointer) copy() {
	c.copying.Lock()
	defer c.copying.Unlock()
	if c.db == nil {
		db, err := sql.Open("sqlite", c.path+"?_synchronous=FULL")
		if err != nil {
			return
		}
		db.SetMaxOpenConns(1)
		c.db = db
	}
	_, _ = c.db.ExecContext(context.Background(), "PRAGMA wal_checkpoint(PASSIVE)")
}

// close ends a checkpoint that is under way and begins none any more.
func (c *checkpointer) close() {
	c.mu.Lock()
	c.closed = true
	c.mu.Unlock()
	c.idle.Wait()
	if c.db != nil {
		_ = c.db.Close()
		c.db = nil
	}
}
