package web

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/pion/rtp"

	"github.com/parleyrtc/webrtc"
	"github.com/parleyrtc/webrtc/pkg/media"
	"github.com/parleyrtc/webrtc/pkg/media/ivfwriter"
	"github.com/parleyrtc/webrtc/pkg/media/oggwriter"
)

// maxRecording is the size of the largest recording, in bytes of packets.
const maxRecording = 1 << 30

// A recording is a picture in an IVF file and a sound in an Ogg file.
type recording struct {
	path    string // of both files, without what tells them apart
	started time.Time
	names   map[webrtc.RTPCodecType]string

	mu      sync.Mutex // guards all below
	writers map[webrtc.RTPCodecType]media.Writer
	bytes   int
	ended   time.Time // zero while it goes on
}

// newRecording creates the files, named for the time, in a folder.
func newRecording(dir string, now time.Time) (*recording, error) {
	r := &recording{
		path: filepath.Join(dir, now.Format("call-20060102-150405.000")), started: now,
		names: map[webrtc.RTPCodecType]string{}, writers: map[webrtc.RTPCodecType]media.Writer{},
	}
	err := r.create(webrtc.RTPCodecTypeVideo, ".ivf", func(f *os.File) (media.Writer, error) {
		return ivfwriter.NewWith(f, ivfwriter.WithCodec(webrtc.MimeTypeVP8), ivfwriter.WithFrameRate(1, 1000))
	})
	if err == nil {
		err = r.create(webrtc.RTPCodecTypeAudio, ".ogg", func(f *os.File) (media.Writer, error) {
			return oggwriter.NewWith(f, 48000, 2)
		})
	}
	if err != nil {
		return nil, errors.Join(err, r.close())
	}
	return r, nil
}

// create makes one file, which must not be there yet.
func (r *recording) create(kind webrtc.RTPCodecType, extension string, open func(*os.File) (media.Writer, error)) error {
	f, err := os.OpenFile(r.path+extension, os.O_CREATE|os.O_EXCL|os.O_RDWR, 0o600)
	if err != nil {
		return err
	}
	w, err := open(f)
	if err != nil {
		return errors.Join(err, f.Close())
	}
	r.names[kind], r.writers[kind] = r.path+extension, w
	return nil
}

// write adds a packet. A recording that has ended drops it.
func (r *recording) write(kind webrtc.RTPCodecType, p *rtp.Packet) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.ended.IsZero() {
		return nil
	}
	if r.bytes += len(p.Payload); r.bytes > maxRecording {
		return fmt.Errorf("it is larger than %d bytes", maxRecording)
	}
	return r.writers[kind].WriteRTP(p)
}

// close completes the files.
func (r *recording) close() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.ended = time.Now()
	var errs []error
	for _, w := range r.writers {
		errs = append(errs, w.Close()) // closes the file
	}
	return errors.Join(errs...)
}

// A recordingState is what the page shows of a recording.
type recordingState struct {
	On      bool           `json:"on"`
	Seconds float64        `json:"seconds"`
	Folder  string         `json:"folder"`
	Files   []recordedFile `json:"files"`
}

type recordedFile struct {
	Name  string `json:"name"`
	Bytes int64  `json:"bytes"`
}

func (r *recording) state() *recordingState {
	r.mu.Lock()
	defer r.mu.Unlock()
	s := &recordingState{On: r.ended.IsZero(), Folder: filepath.Dir(r.path)}
	until := r.ended
	if s.On {
		until = time.Now()
	}
	s.Seconds = until.Sub(r.started).Seconds()
	for _, kind := range []webrtc.RTPCodecType{webrtc.RTPCodecTypeVideo, webrtc.RTPCodecTypeAudio} {
		f := recordedFile{Name: filepath.Base(r.names[kind])}
		if info, err := os.Stat(r.names[kind]); err == nil {
			f.Bytes = info.Size()
		}
		s.Files = append(s.Files, f)
	}
	return s
}

// String describes what was recorded, for the log.
func (s *recordingState) String() string {
	var files []string
	for _, f := range s.Files {
		files = append(files, fmt.Sprintf("%s (%d bytes)", f.Name, f.Bytes))
	}
	return fmt.Sprintf("%.1f s: %s", s.Seconds, strings.Join(files, ", "))
}
