// Play-from-disk sends a video and a sound of files to browsers:
//
//	go run ./play-from-disk clip.ivf sound.ogg
//
// The video is IVF with VP8, VP9 or AV1, the sound Ogg with Opus; one of the two
// is enough. Without files a clip of the program's own is played. Each page that
// is opened sees it from the beginning.
//
// For each page there is a goroutine, and one for each file that it plays; they
// end with the files or with the connection.
package main

import (
	"bytes"
	"context"
	"embed"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"sync"

	"github.com/parleyrtc/webrtc"

	"github.com/parleyrtc/webrtc/examples/internal/clips"
	"github.com/parleyrtc/webrtc/examples/internal/codecs"
	"github.com/parleyrtc/webrtc/examples/internal/exchange"
	"github.com/parleyrtc/webrtc/examples/internal/localhttp"
	"github.com/parleyrtc/webrtc/examples/internal/player"
)

//go:embed page
var page embed.FS

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := run(ctx, "127.0.0.1:8082", os.Args[1:], os.Stdout)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "play-from-disk:", err)
		os.Exit(1)
	}
}

// run serves the page until the context ends.
func run(ctx context.Context, address string, paths []string, stdout io.Writer) error {
	files, err := load(paths)
	if err != nil {
		return err
	}
	listener, err := net.Listen("tcp", address)
	if err != nil {
		return err
	}
	fmt.Fprintf(stdout, "The page is at http://%s/ - interrupt to stop.\n", listener.Addr())
	p := &program{ctx: ctx, files: files}
	defer p.playing.Wait()
	content, err := fs.Sub(page, "page")
	if err != nil {
		return err
	}
	return localhttp.Serve(ctx, listener, exchange.Handler(content, p.answer))
}

// A file is a video or a sound.
type file struct {
	codec webrtc.RTPCodecCapability
	open  func() (player.Samples, error)
}

// load reads files, or takes the program's own.
func load(paths []string) ([]file, error) {
	if len(paths) == 0 {
		return []file{video(webrtc.MimeTypeVP8, clips.Video), sound(clips.Sound)}, nil
	}
	var files []file
	for _, path := range paths {
		b, err := os.ReadFile(path)
		if err != nil {
			return nil, err
		}
		content := func() io.Reader { return bytes.NewReader(b) }
		one := sound(content)
		if strings.EqualFold(filepath.Ext(path), ".ogg") {
			_, err = one.open()
		} else {
			var mimeType string
			_, mimeType, err = player.IVF(content())
			one = video(mimeType, content)
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		files = append(files, one)
	}
	return files, nil
}

func video(mimeType string, content func() io.Reader) file {
	return file{webrtc.RTPCodecCapability{MimeType: mimeType, ClockRate: 90000}, func() (player.Samples, error) {
		samples, _, err := player.IVF(content())
		return samples, err
	}}
}

func sound(content func() io.Reader) file {
	return file{codecs.Opus, func() (player.Samples, error) { return player.Ogg(content()) }}
}

// A program plays its files to everybody who asks.
type program struct {
	ctx     context.Context
	files   []file
	playing sync.WaitGroup
}

// answer plays the files to a page, over a connection of its own.
func (p *program) answer(ctx context.Context, offer webrtc.SessionDescription) (*webrtc.SessionDescription, error) {
	var settings webrtc.SettingEngine
	settings.SetIncludeLoopbackCandidate(true) // for a machine without a network
	pc, err := webrtc.NewAPI(webrtc.WithSettingEngine(settings)).NewPeerConnection(webrtc.Configuration{})
	if err != nil {
		return nil, err
	}
	tracks := make([]*webrtc.TrackLocalStaticSample, len(p.files))
	for i, f := range p.files {
		if tracks[i], err = webrtc.NewTrackLocalStaticSample(f.codec, fmt.Sprintf("file-%d", i), "clip"); err == nil {
			_, err = pc.AddTrack(tracks[i])
		}
		if err != nil {
			return nil, errors.Join(err, pc.Close())
		}
	}
	connected, ended := make(chan struct{}), make(chan struct{})
	description, err := exchange.Answer(ctx, pc, offer, exchange.Events{
		Connected: func() { close(connected) },
		Ended:     func() { close(ended) },
	})
	if err != nil {
		return nil, errors.Join(err, pc.Close())
	}
	p.playing.Go(func() {
		defer pc.Close()
		select {
		case <-connected:
			p.play(ended, tracks)
		case <-ended:
		case <-p.ctx.Done():
		}
	})
	return description, nil
}

// play plays all files side by side and returns when they are over, or the
// connection is.
func (p *program) play(ended <-chan struct{}, tracks []*webrtc.TrackLocalStaticSample) {
	ctx, cancel := context.WithCancel(p.ctx)
	defer cancel()
	var all sync.WaitGroup
	for i, track := range tracks {
		all.Go(func() {
			samples, err := p.files[i].open()
			if err == nil {
				err = player.Play(ctx, samples, track.WriteSample)
			}
			if err != nil && ctx.Err() == nil {
				fmt.Fprintln(os.Stderr, "play-from-disk:", err)
			}
		})
	}
	over := make(chan struct{})
	go func() {
		all.Wait()
		close(over)
	}()
	select {
	case <-over:
	case <-ended:
		cancel()
		<-over
	}
}
