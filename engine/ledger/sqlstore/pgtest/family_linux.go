package pgtest

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"strconv"
	"syscall"
	"time"
)

// killFamily kills all processes of a server, and returns when they have gone
// but for the server itself, which is for its parent to wait for.
func killFamily(server int) error {
	if err := syscall.Kill(server, syscall.SIGSTOP); err != nil { // none is added from here on
		return err
	}
	listed, err := os.ReadFile(fmt.Sprintf("/proc/%d/task/%d/children", server, server))
	errs := []error{err}
	for _, child := range bytes.Fields(listed) {
		id, err := strconv.Atoi(string(child))
		if err == nil {
			err = syscall.Kill(id, syscall.SIGKILL)
		}
		errs = append(errs, err)
	}
	errs = append(errs, syscall.Kill(server, syscall.SIGKILL))
	for _, child := range bytes.Fields(listed) {
		errs = append(errs, gone(string(child)))
	}
	return errors.Join(errs...)
}

// gone waits until a process that was killed is not there any more, or only as
// an entry that nobody has asked for.
func gone(id string) error {
	for end := time.Now().Add(patience); ; {
		status, err := os.ReadFile("/proc/" + id + "/stat")
		if err != nil {
			return nil
		}
		_, rest, _ := bytes.Cut(status, []byte(") "))
		if bytes.HasPrefix(rest, []byte("Z")) || bytes.HasPrefix(rest, []byte("X")) {
			return nil
		}
		if time.Now().After(end) {
			return fmt.Errorf("process %s was killed and is still there: %s", id, status)
		}
		time.Sleep(time.Millisecond)
	}
}
