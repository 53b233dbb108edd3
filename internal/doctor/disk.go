package doctor

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
)

// What must be free, in bytes. A recording may have 512 MB while it is transcribed.
const (
	diskLow    = 1 << 30
	diskTooLow = 100 << 20
)

func (d *doctor) diskChecks() []check {
	checks := []check{{name: "disk.temp", lookedAt: os.TempDir(), run: func(context.Context) outcome {
		return checkDisk(os.TempDir(), "recordings are kept there while they are transcribed")
	}}}
	at := "the database's file system"
	folder := ""
	if path := sqlitePath(d.DatabaseURL); path != "" {
		folder = filepath.Dir(path)
		at = folder
	}
	return append(checks, check{name: "disk.database", lookedAt: at, needs: []string{"DATABASE_URL"}, run: func(context.Context) outcome {
		if folder == "" {
			return skipped("Postgres does not tell how much room its disk has")
		}
		return checkDisk(folder, "without room no webhook can be accepted")
	}})
}

// checkDisk looks at the room of a folder's file system.
func checkDisk(folder, why string) outcome {
	free, err := freeBytes(folder)
	switch {
	case err != nil:
		return warn("look with df "+folder, "its room is not known: %v", err)
	case free < diskTooLow:
		return fail("free or add disk space", "%s are left: %s", bytesText(free), why)
	case free < diskLow:
		return warn("free or add disk space", "%s are left: %s", bytesText(free), why)
	}
	return ok("%s are left", bytesText(free))
}

func bytesText(n uint64) string {
	switch {
	case n >= 1<<30:
		return fmt.Sprintf("%.1f GB", float64(n)/(1<<30))
	case n >= 1<<20:
		return fmt.Sprintf("%.0f MB", float64(n)/(1<<20))
	}
	return fmt.Sprintf("%d bytes", n)
}
