package doctor

import (
	"context"
	"crypto/sha256"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"time"

	"github.com/headstart-nb/headstart/internal/diagnosis"
	"github.com/headstart-nb/headstart/internal/digest"
	"github.com/headstart-nb/headstart/kernel/install"
)

// weightsFolders are where the published ResNet50 weights lie in the hub's cache.
const weightsFolders = "models--timm--resnet50*"

// checkWeights compares each kept file with its hash, which is its name.
func checkWeights(ctx context.Context, s *subject) diagnosis.Diagnosis {
	const name = "weights cache"
	cache := install.HubCache(s.getenv)
	var kept uint64
	files, partial := 0, ""
	blobs, err := filepath.Glob(filepath.Join(cache, weightsFolders, "blobs", "*"))
	if err != nil {
		return ok(name, "none")
	}
	for _, file := range blobs {
		if strings.HasSuffix(file, ".incomplete") {
			partial = file
			continue
		}
		want := filepath.Base(file)
		if len(want) != sha256.Size*2 {
			continue // a lock, or a small file that is named after its git hash
		}
		got, bytes, err := digest.File(ctx, file)
		if err != nil {
			return failed(name, fmt.Sprintf("%s cannot be read: %v", file, err), "rm "+file)
		}
		if got != want {
			return failed(name, fmt.Sprintf("%s has the SHA-256 %.12s instead of %.12s: it is damaged", file, got, want), "rm "+file)
		}
		files++
		kept += uint64(bytes)
	}
	switch {
	case partial != "":
		return warning(name, "a download was interrupted: "+partial, "%model resnet50 --weights imagenet resumes it")
	case files == 0:
		return ok(name, "empty: %model resnet50 --weights imagenet, or headstart install --weights imagenet, fetches 102 MB into "+cache)
	}
	return ok(name, fmt.Sprintf("%d files, %s, hashes right, in %s", files, size(kept), cache))
}

// checkFeatures writes into the folder of the feature cache, since a mounted or shared one may not allow it.
func checkFeatures(_ context.Context, s *subject) diagnosis.Diagnosis {
	const name = "feature cache"
	if s.home == "" {
		return failed(name, "there is no folder for it: neither HEADSTART_HOME nor a cache folder of the user is known", "set HEADSTART_HOME")
	}
	folder := filepath.Join(s.home, "cache", "features")
	var bytes uint64
	// The separator makes WalkDir follow a folder that is a link.
	_ = filepath.WalkDir(folder+string(filepath.Separator), func(_ string, entry fs.DirEntry, err error) error {
		if err == nil && entry.Type().IsRegular() {
			if info, err := entry.Info(); err == nil {
				bytes += uint64(info.Size())
			}
		}
		return nil
	})
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return failed(name, fmt.Sprintf("%s cannot be made: %v", folder, err), "set HEADSTART_HOME to a folder that can be written to")
	}
	probe, err := os.CreateTemp(folder, ".doctor-*")
	if err != nil {
		return failed(name, fmt.Sprintf("%s cannot be written to: %v", folder, err), "set HEADSTART_HOME to a folder that can be written to")
	}
	defer os.Remove(probe.Name())
	if err := probe.Close(); err != nil {
		return failed(name, fmt.Sprintf("%s cannot be written to: %v", folder, err), "set HEADSTART_HOME to a folder that can be written to")
	}
	return ok(name, fmt.Sprintf("%s in %s", size(bytes), folder))
}

// Below scarce a session may fail to save; below little a cell's build, a checkpoint or a download may.
const (
	scarce = 200 << 20
	little = 2 << 30
)

func checkDisk(_ context.Context, s *subject) diagnosis.Diagnosis {
	const name = "disk"
	least, where := ^uint64(0), ""
	for _, dir := range []string{s.Layout.Root, s.home, os.TempDir()} {
		for dir != "" && !exists(dir) && dir != filepath.Dir(dir) {
			dir = filepath.Dir(dir)
		}
		free, err := s.freeSpace(dir)
		if err == nil && free < least {
			least, where = free, dir
		}
	}
	found := fmt.Sprintf("%s free at %s", size(least), where)
	switch {
	case where == "":
		return ok(name, "not known on this system")
	case least < scarce:
		return failed(name, found, "free some space: "+filepath.Join(s.home, "cache")+" may be emptied")
	case least < little:
		return warning(name, found, "free some space: "+filepath.Join(s.home, "cache")+" may be emptied")
	}
	return ok(name, found)
}

// clockTolerance is for file systems of other machines, whose clocks differ a little.
const clockTolerance = 2 * time.Minute

// checkClock compares the clock with a file that is certainly older than now. A clock that is behind makes downloads fail
// (certificates are not valid yet) and builds go wrong.
func checkClock(_ context.Context, s *subject) diagnosis.Diagnosis {
	const name = "clock"
	now := s.now()
	info, err := os.Stat(s.Layout.Kernelspec())
	if err == nil && now.Before(info.ModTime().Add(-clockTolerance)) {
		return failed(name, fmt.Sprintf("it shows %s, which is before this installation was made", now.UTC().Format("2006-01-02 15:04 MST")),
			"set the clock: sudo timedatectl set-ntp true")
	}
	return ok(name, now.UTC().Format("2006-01-02 15:04 MST"))
}

var wslVersion = regexp.MustCompile(`(?i)microsoft`)

// checkPlatform says what does not work on this kind of system.
func checkPlatform(_ context.Context, s *subject) diagnosis.Diagnosis {
	const name = "platform"
	platform := runtime.GOOS + "/" + runtime.GOARCH
	version, _ := os.ReadFile(filepath.Join(s.root, "proc", "version"))
	switch {
	case runtime.GOOS == "darwin":
		return warning(name, platform+": XLA computes on the CPU only, with go-xla's plugin, which is fetched without a hash", "use Linux where that matters")
	case wslVersion.Match(version) && strings.HasPrefix(s.Layout.Root, "/mnt/"):
		return warning(name, platform+" in WSL, installed on a Windows drive, which is slow and has no locks", "install below your Linux home folder")
	case wslVersion.Match(version):
		return ok(name, platform+" in WSL")
	}
	if musl, _ := filepath.Glob(filepath.Join(s.root, "lib", "ld-musl-*")); len(musl) > 0 && !exists(filepath.Join(s.root, "lib64")) {
		return failed(name, platform+" with musl: XLA's plugins need glibc 2.27 or newer", "use a system with glibc, such as Debian")
	}
	return ok(name, platform)
}
