// Save-to-disk writes a browser's camera and microphone to files:
//
//	go run ./save-to-disk folder
//
// Open the page and press Start. The video becomes IVF with VP8, the sound Ogg
// with Opus, named for the time. They are complete when the page stops, is
// closed, or loses its connection.
//
// The library has a goroutine for each track, in which it is written; it ends
// with the track.
package main

import (
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
	"sync"
	"time"

	"github.com/parleyrtc/webrtc"
	"github.com/parleyrtc/webrtc/pkg/media"
	"github.com/parleyrtc/webrtc/pkg/media/ivfwriter"
	"github.com/parleyrtc/webrtc/pkg/media/oggwriter"

	"github.com/parleyrtc/webrtc/examples/internal/codecs"
	"github.com/parleyrtc/webrtc/examples/internal/exchange"
	"github.com/parleyrtc/webrtc/examples/internal/localhttp"
)

//go:embed page
var page embed.FS

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := errors.New("say into which folder")
	if len(os.Args) == 2 {
		err = run(ctx, "127.0.0.1:8083", os.Args[1], os.Stdout)
	}
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "save-to-disk:", err)
		os.Exit(1)
	}
}

// run serves the page until the context ends.
func run(ctx context.Context, address, folder string, stdout io.Writer) error {
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return err
	}
	listener, err := net.Listen("tcp", address)
	if err != nil {
		return err
	}
	p := &program{folder: folder, out: stdout, connections: map[*webrtc.PeerConnection]bool{}}
	p.say("The page is at http://%s/ - interrupt to stop.", listener.Addr())
	content, err := fs.Sub(page, "page")
	if err != nil {
		return err
	}
	err = localhttp.Serve(ctx, listener, exchange.Handler(content, p.answer))
	p.close()
	return err
}

// A program saves what pages send.
type program struct {
	folder string

	mu          sync.Mutex // guards all below
	out         io.Writer
	connections map[*webrtc.PeerConnection]bool
}

// answer saves what a page sends over a connection of its own.
func (p *program) answer(ctx context.Context, offer webrtc.SessionDescription) (*webrtc.SessionDescription, error) {
	engine, err := codecs.MediaEngine() // what the files can have
	if err != nil {
		return nil, err
	}
	var settings webrtc.SettingEngine
	settings.SetIncludeLoopbackCandidate(true) // for a machine without a network
	api := webrtc.NewAPI(webrtc.WithSettingEngine(settings), webrtc.WithMediaEngine(engine))
	pc, err := api.NewPeerConnection(webrtc.Configuration{})
	if err != nil {
		return nil, err
	}
	p.add(pc)
	pc.OnTrack(func(track *webrtc.TrackRemote, _ *webrtc.RTPReceiver) {
		if err := p.save(track); err != nil {
			p.say("%s: %v", track.Kind(), err)
		}
	})
	description, err := exchange.Answer(ctx, pc, offer, exchange.Events{Ended: func() { p.end(pc) }})
	if err != nil {
		p.end(pc)
	}
	return description, err
}

// save writes a track to a file until it ends.
func (p *program) save(track *webrtc.TrackRemote) error {
	path := filepath.Join(p.folder, time.Now().Format("20060102-150405.000")+"-"+track.Kind().String())
	var writer media.Writer
	var err error
	if track.Kind() == webrtc.RTPCodecTypeVideo {
		path += ".ivf"
		writer, err = ivfwriter.New(path, ivfwriter.WithCodec(track.Codec().MimeType), ivfwriter.WithFrameRate(1, 1000))
	} else {
		path += ".ogg"
		writer, err = oggwriter.New(path, track.Codec().ClockRate, track.Codec().Channels)
	}
	if err != nil {
		return err
	}
	p.say("Saving %s to %s", track.Codec().MimeType, path)
	n := 0
	for packet, failure := range track.Packets() {
		if err = failure; err == nil {
			err = writer.WriteRTP(packet)
		}
		if err != nil {
			break
		}
		n++
	}
	err = errors.Join(err, writer.Close())
	p.say("Saved %d packets to %s", n, path)
	return err
}

func (p *program) say(format string, args ...any) {
	p.mu.Lock()
	defer p.mu.Unlock()
	fmt.Fprintf(p.out, format+"\n", args...)
}

func (p *program) add(pc *webrtc.PeerConnection) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.connections[pc] = true
}

// end ends a connection, and with it its tracks.
func (p *program) end(pc *webrtc.PeerConnection) {
	p.mu.Lock()
	delete(p.connections, pc)
	p.mu.Unlock()
	_ = pc.Close()
}

// close ends all connections, and returns when their files are complete.
func (p *program) close() {
	p.mu.Lock()
	all := p.connections
	p.connections = map[*webrtc.PeerConnection]bool{}
	p.mu.Unlock()
	for pc := range all {
		_ = pc.GracefulClose()
	}
}
