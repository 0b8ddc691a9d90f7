package policy

import (
	"context"
	"errors"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/fsnotify/fsnotify"
)

// How soon a changed folder is noticed. Events of the file system say that
// something happened; reading it again says what. Network mounts and replaced
// links raise no events, so it is read again all the same.
const (
	pollEvery   = 250 * time.Millisecond
	settleEvery = 40 * time.Millisecond // between two readings that must agree
	settleTries = 10
	pollShare   = 20 // reading takes at most one part in so many of the time
)

// unreadable begins what stands for the revision of content that cannot be read.
const unreadable = "unreadable: "

// Watch reloads the policies whenever the content of their source changes,
// until ctx ends. What is refused stays out of force and is told once, to log;
// whoever mends it has it in force within a second.
func (a *Active) Watch(ctx context.Context, from Source, log *slog.Logger) {
	every, remote := isRemote(from)
	events, stop := folderEvents(from, log)
	defer stop()
	seen := a.Current().Revision
	for wait := every; ; {
		select {
		case <-ctx.Done():
			return
		case <-events:
		case <-time.After(wait):
		}
		start := time.Now()
		revision, ok := settled(ctx, from)
		if wait = every; !remote { // somebody else's work is not ours to save
			wait = max(every, pollShare*time.Since(start))
		}
		// What was reloaded by hand and taken back before this reading counts as a change too.
		asIs := (revision == a.Current().Revision) == (a.LastError() == nil)
		if !ok || revision == seen && asIs {
			continue
		}
		seen = revision
		if err := a.Reload(ctx); err != nil {
			seen = tried(err, revision)
			log.Error("changed policies are refused; the last good ones stay in force",
				"error", err, "policy_revision", a.Current().Revision)
			continue
		}
		log.Info("changed policies are in force", "policy_revision", a.Current().Revision)
	}
}

// tried is the content that a load failed on: it is read once more, a moment
// after it was seen to change, and may be another by then or fail to come.
func tried(err error, seen string) string {
	var refused *RefusedError
	if !errors.As(err, &refused) || refused.Revision == "" && strings.HasPrefix(seen, unreadable) {
		return seen
	}
	return refused.Revision
}

// settled reads the source until two readings agree: editors and git write
// several files one after the other. A source that cannot be read has no
// revision.
func settled(ctx context.Context, from Source) (revision string, ok bool) {
	read := func() string {
		files, err := from.read(ctx)
		if err != nil {
			return unreadable + err.Error()
		}
		return revisionOf(files)
	}
	revision = read()
	if _, remote := isRemote(from); remote { // comes whole
		return revision, true
	}
	for range settleTries {
		select {
		case <-ctx.Done():
			return "", false
		case <-time.After(settleEvery):
		}
		again := read()
		if again == revision {
			return revision, true
		}
		revision = again
	}
	return "", false
}

// folderEvents tells when something happens below a folder. Without events,
// which is no fault, the channel stays silent.
func folderEvents(from Source, log *slog.Logger) (events <-chan struct{}, stop func()) {
	directory, ok := from.(directory)
	if !ok || directory.path == "" {
		return nil, func() {}
	}
	watcher, err := fsnotify.NewWatcher()
	if err != nil {
		log.Warn("no events of the policy folder; it is read regularly instead", "error", err)
		return nil, func() {}
	}
	watchBelow(watcher, directory.path)
	told := make(chan struct{}, 1)
	go func() {
		for event := range watcher.Events {
			if event.Has(fsnotify.Create) {
				watchBelow(watcher, event.Name)
			}
			select {
			case told <- struct{}{}:
			default:
			}
		}
	}()
	go func() {
		for range watcher.Errors { // lost events: the next reading finds out
		}
	}()
	return told, func() { _ = watcher.Close() }
}

func watchBelow(watcher *fsnotify.Watcher, root string) {
	_ = filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err == nil && (entry.IsDir() || entry.Type()&os.ModeSymlink != 0) {
			_ = watcher.Add(path) // one that cannot be watched is still read
		}
		return nil
	})
}
