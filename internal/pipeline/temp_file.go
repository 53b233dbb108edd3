package pipeline

import (
	"errors"
	"fmt"
	"os"
)

// tempFile is a file without a name, for audio that is too long for memory. It is readable by nobody else, and is gone when
// it is closed or the process ends, however it ends: nothing of what was said is left on the disk.
type tempFile struct {
	*os.File
	named bool
}

// newTempFile makes one in the directory for temporary files (TMPDIR).
func newTempFile() (*tempFile, error) {
	f, err := os.CreateTemp("", "iagent-recording-*")
	if err != nil {
		return nil, fmt.Errorf("making a file for the recording, which needs a directory for temporary files that can be written, or TMPDIR: %w", err)
	}
	// Windows removes no file that is open; there it goes when it is closed.
	return &tempFile{File: f, named: os.Remove(f.Name()) != nil}, nil
}

// Close gives the space back.
func (s *tempFile) Close() error {
	err := s.File.Close()
	if s.named {
		err = errors.Join(err, os.Remove(s.Name()))
	}
	return err
}
