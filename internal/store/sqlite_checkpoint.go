package store

import (
	"context"
	"database/sql"
	"sync"
	"time"
)

const (
	// checkpointAt is after how many written pages the log is copied into the database's file: the more, the fewer pages that
	// changed several times are copied.
	checkpointAt = 4000
	// walBound is at how many pages of the log (of 4 KiB) the writer copies the rest itself, so that the log begins anew: while it
	// goes on writing, nobody else can reach the log's end.
	walBound = 16_000
	// restartAt is at how many pages of the log readers are waited for. A log begins anew only when nobody reads an older state of it,
	// and readers that follow each other closely never leave such a moment
	// (https://www.sqlite.org/wal.html#avoiding_excessively_large_wal_files).
	restartAt = 2 * walBound
	// restartWait is how long that may hold up the writer, for each walBound pages of the log, and maxRestartWait in all. Readers that
	// take longer are tried again when the log has grown by walBound pages.
	restartWait    = 250 * time.Millisecond
	maxRestartWait = 5 * time.Second
)

// checkpointer copies the write-ahead log into the database's file on a connection of its own, so that no writer waits for it. It
// has a goroutine only while there is something to copy.
type checkpointer struct {
	log *walCleaner

	// db is used by the one goroutine; nil before the first checkpoint.
	db *sql.DB
	// restart is at how many pages of the log the goroutine waits for readers next.
	restart int

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
	c.log.copying.Lock()
	defer c.log.copying.Unlock()
	if c.db == nil {
		db, err := sql.Open("sqlite", c.log.path+"?_synchronous=FULL")
		if err != nil {
			return
		}
		db.SetMaxOpenConns(1)
		c.db = db
	}
	var busy, pages, copied int
	err := c.db.QueryRowContext(context.Background(), "PRAGMA wal_checkpoint(PASSIVE)").Scan(&busy, &pages, &copied)
	if err != nil || pages < restartAt {
		c.restart = restartAt
		return
	}
	if pages < c.restart {
		return
	}
	c.restart = pages + walBound
	_ = c.log.empty(min(restartWait*time.Duration(pages/walBound), maxRestartWait))
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
