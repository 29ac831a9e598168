package interop

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pion/interceptor"
	"github.com/pion/rtcp"

	"github.com/parleyrtc/webrtc"
	"github.com/parleyrtc/webrtc/pkg/media/h264reader"
	"github.com/parleyrtc/webrtc/pkg/media/ivfreader"
	"github.com/parleyrtc/webrtc/pkg/media/oggreader"
)

// A clip is the samples of a file of testdata/media.
type clip struct {
	mime    string
	samples [][]byte
	each    time.Duration // how long a sample lasts

	// endless repeats the frames of the first second but its key frame, so that
	// no other comes unless the peer asks for it.
	endless bool
}

// second is the number of frames from one key frame to the next.
const second = 30

// keyFrame tells whether a key frame is at a position.
func (c *clip) keyFrame(position int) bool {
	return position == 0 || !c.endless && position%second == 0
}

// sample returns the sample at a position.
func (c *clip) sample(position int) []byte {
	if c.endless && position > 0 {
		position = 1 + (position-1)%(second-1)
	}
	return c.samples[position%len(c.samples)]
}

// The video clips have a key frame each second.
const (
	frameLength = time.Second / 30
	audioLength = 20 * time.Millisecond
)

var clipFiles = map[string]string{
	webrtc.MimeTypeVP8:  "vp8.ivf",
	webrtc.MimeTypeVP9:  "vp9.ivf",
	webrtc.MimeTypeAV1:  "av1.ivf",
	webrtc.MimeTypeH264: "h264.h264",
	webrtc.MimeTypeOpus: "opus.ogg",
}

// loadClip reads the clip of a codec.
func loadClip(t *testing.T, mime string) *clip {
	t.Helper()
	return loadFile(t, mime, clipFiles[mime])
}

func loadFile(t *testing.T, mime, name string) *clip {
	t.Helper()
	c, err := readFile(mime, name)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func readFile(mime, name string) (*clip, error) {
	file, err := os.Open(filepath.Join("..", "testdata", "media", name))
	if err != nil {
		return nil, err
	}
	defer file.Close()
	c := &clip{mime: mime, each: frameLength}
	switch filepath.Ext(name) {
	case ".ivf":
		c.samples, err = readIVF(file)
	case ".h264":
		c.samples, err = readAnnexB(file)
	case ".ogg":
		c.each = audioLength
		c.samples, err = readOgg(file)
	}
	if err == nil && len(c.samples) == 0 {
		err = errors.New("no samples")
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return c, nil
}

func readIVF(r io.Reader) ([][]byte, error) {
	reader, _, err := ivfreader.NewWith(r)
	if err != nil {
		return nil, err
	}
	return readAll(func() ([]byte, error) {
		frame, _, err := reader.ParseNextFrame()
		return frame, err
	})
}

func readOgg(r io.Reader) ([][]byte, error) {
	reader, _, err := oggreader.NewWith(r)
	if err != nil {
		return nil, err
	}
	pages, err := readAll(func() ([]byte, error) {
		page, _, err := reader.ParseNextPage()
		return page, err
	})
	if err != nil || len(pages) < 2 {
		return nil, err
	}
	return pages[1:], nil // after the comment header
}

// readAnnexB returns pictures: each ends with its only slice.
func readAnnexB(r io.Reader) ([][]byte, error) {
	reader, err := h264reader.NewReader(r)
	if err != nil {
		return nil, err
	}
	var picture []byte
	return readAll(func() ([]byte, error) {
		for picture = nil; ; {
			nal, err := reader.NextNAL()
			if err != nil {
				return nil, err
			}
			picture = append(append(picture, 0, 0, 0, 1), nal.Data...)
			if nal.UnitType == h264reader.NalUnitTypeCodedSliceIdr || nal.UnitType == h264reader.NalUnitTypeCodedSliceNonIdr {
				return picture, nil
			}
		}
	})
}

func readAll(next func() ([]byte, error)) ([][]byte, error) {
	var all [][]byte
	for {
		sample, err := next()
		if errors.Is(err, io.EOF) {
			return all, nil
		}
		if err != nil {
			return nil, err
		}
		all = append(all, append([]byte(nil), sample...))
	}
}

// A player sends a clip over and over, in real time.
type player struct {
	clip  *clip
	write func(sample []byte, each time.Duration) error

	sent     atomic.Int64 // samples
	restarts atomic.Int64 // for key frames that the peer has asked for
	rewind   atomic.Bool
	stopOnce sync.Once
	stop     chan struct{}
	playing  sync.WaitGroup
}

func newPlayer(c *clip, write func(sample []byte, each time.Duration) error) *player {
	return &player{clip: c, write: write, stop: make(chan struct{})}
}

// An rtcpReader is an RTPSender.
type rtcpReader interface {
	ReadRTCP() ([]rtcp.Packet, interceptor.Attributes, error)
}

// serves starts over, at a key frame, when the peer asks for one.
func (p *player) serves(sender rtcpReader) {
	go func() { // until the connection is closed
		for {
			packets, _, err := sender.ReadRTCP()
			if err != nil {
				return
			}
			for _, packet := range packets {
				switch packet.(type) {
				case *rtcp.PictureLossIndication, *rtcp.FullIntraRequest:
					p.rewind.Store(true)
				}
			}
		}
	}()
}

// play sends limit samples, or until end if limit is 0.
func (p *player) play(limit int64, complain func(error)) {
	p.playing.Go(func() {
		next, position := time.Now(), 0
		for p.sent.Load() < limit || limit == 0 {
			select {
			case <-p.stop:
				return
			case <-time.After(time.Until(next)):
			}
			if p.rewind.Swap(false) && !p.clip.keyFrame(position) {
				p.restarts.Add(1)
				position = 0
			}
			if err := p.write(p.clip.sample(position), p.clip.each); err != nil {
				if !errors.Is(err, io.ErrClosedPipe) {
					complain(fmt.Errorf("%s: %w", p.clip.mime, err))
				}
				return
			}
			position++
			p.sent.Add(1)
			next = next.Add(p.clip.each)
		}
	})
}

// end stops the player.
func (p *player) end() {
	p.stopOnce.Do(func() { close(p.stop) })
	p.playing.Wait()
}
