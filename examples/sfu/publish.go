package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/parleyrtc/webrtc"
	"github.com/parleyrtc/webrtc/pkg/media"

	"github.com/parleyrtc/webrtc/examples/internal/codecs"
	"github.com/parleyrtc/webrtc/examples/internal/diagram"
	"github.com/parleyrtc/webrtc/examples/internal/peer"
	"github.com/parleyrtc/webrtc/examples/internal/player"
)

// patterns are what -publish names.
type patterns []string

// String returns them as they were given.
func (p *patterns) String() string { return strings.Join(*p, " ") }

// Set adds one.
func (p *patterns) Set(pattern string) error {
	*p = append(*p, pattern)
	return nil
}

// maxLayers is how many sizes a picture has at most.
const maxLayers = 3

// A clip is what the program itself publishes: a picture in one to three sizes,
// with a RID each if there are several, and sound.
type clip struct {
	layers []clipLayer
	sound  []media.Sample
}

type clipLayer struct {
	rid    string
	frames []media.Sample
}

// loadClip reads the files that patterns name. Without any it returns nil.
func loadClip(patterns []string) (*clip, error) {
	if len(patterns) == 0 {
		return nil, nil
	}
	c := &clip{}
	for _, pattern := range patterns {
		paths, err := filepath.Glob(pattern)
		if err == nil && len(paths) == 0 {
			err = os.ErrNotExist
		}
		if err != nil {
			return nil, fmt.Errorf("-publish %s: %w", pattern, err)
		}
		for _, path := range paths {
			if err := c.add(path); err != nil {
				return nil, fmt.Errorf("-publish %s: %w", path, err)
			}
		}
	}
	if len(c.layers) == 1 {
		c.layers[0].rid = ""
	}
	slices.SortFunc(c.layers, func(a, b clipLayer) int { return cmp.Compare(a.rid, b.rid) })
	for i := 1; i < len(c.layers); i++ {
		if c.layers[i].rid == c.layers[i-1].rid {
			return nil, fmt.Errorf("-publish: two files are named for the RID %q", c.layers[i].rid)
		}
	}
	return c, nil
}

// add reads one file, whose name tells what it is and, after the last hyphen,
// the RID of a picture.
func (c *clip) add(path string) error {
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer file.Close()
	if strings.EqualFold(filepath.Ext(path), ".ogg") {
		if c.sound != nil {
			return errors.New("there is sound already")
		}
		samples, err := player.Ogg(file)
		if err != nil {
			return err
		}
		c.sound, err = collect(samples)
		return err
	}
	if len(c.layers) == maxLayers {
		return fmt.Errorf("a picture has %d sizes at most", maxLayers)
	}
	samples, mimeType, err := player.IVF(file)
	if err != nil {
		return err
	}
	if mimeType != webrtc.MimeTypeVP8 {
		return fmt.Errorf("it has %s; %s is forwarded", mimeType, webrtc.MimeTypeVP8)
	}
	frames, err := collect(samples)
	if err != nil {
		return err
	}
	rid := strings.TrimSuffix(filepath.Base(path), filepath.Ext(path))
	c.layers = append(c.layers, clipLayer{rid[strings.LastIndex(rid, "-")+1:], frames})
	return nil
}

func collect(samples player.Samples) ([]media.Sample, error) {
	var all []media.Sample
	for s, err := range samples {
		if err != nil {
			return nil, err
		}
		if len(s.Data) > 0 {
			all = append(all, s)
		}
	}
	if len(all) == 0 {
		return nil, errors.New("there is nothing in it")
	}
	return all, nil
}

// publish sends the clip to the room over a connection of its own, again and
// again, until the context ends.
func (c *clip) publish(ctx context.Context, r *room) error {
	here, there := webrtc.NewSignalPair()
	defer here.Close()
	engine, err := codecs.MediaEngine()
	if err != nil {
		return err
	}
	connected := make(chan struct{})
	var once sync.Once
	p, err := peer.New(peer.Config{
		Party: diagram.PeerA, Signal: here, LoopbackOnly: true, MediaEngine: engine,
		OnConnection: func(s webrtc.PeerConnectionState) {
			if s == webrtc.PeerConnectionStateConnected {
				once.Do(func() { close(connected) })
			}
		},
	})
	if err != nil {
		return err
	}
	defer p.Close()

	ctx, cancel := context.WithCancelCause(ctx)
	var running sync.WaitGroup
	defer running.Wait()
	defer cancel(nil)
	pictures, keyFrameWanted, err := c.addPicture(p)
	if err != nil {
		return err
	}
	sound, err := c.addSound(p)
	if err != nil {
		return err
	}
	running.Go(func() { cancel(attend(ctx, r, "clip", false, there)) })
	running.Go(func() { cancel(p.Run(ctx)) })
	select {
	case <-connected:
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	if len(pictures) > 0 {
		running.Go(func() { cancel(c.playPicture(ctx, pictures, keyFrameWanted)) })
	}
	if sound != nil {
		running.Go(func() { cancel(c.playSound(ctx, sound)) })
	}
	<-ctx.Done()
	return context.Cause(ctx)
}

// addPicture has the picture sent, each size as an encoding with a RID of its
// own. The flag is set when a key frame is wanted.
func (c *clip) addPicture(p *peer.Peer) ([]*webrtc.TrackLocalStaticSample, *atomic.Bool, error) {
	wanted := &atomic.Bool{}
	var tracks []*webrtc.TrackLocalStaticSample
	var sender *webrtc.RTPSender
	for _, layer := range c.layers {
		track, err := webrtc.NewTrackLocalStaticSample(codecs.VP8, "picture", "clip", webrtc.WithRTPStreamID(layer.rid))
		if err != nil {
			return nil, nil, err
		}
		if tracks = append(tracks, track); sender != nil {
			if err := sender.AddEncoding(track); err != nil {
				return nil, nil, err
			}
			continue
		}
		transceiver, err := p.AddTransceiverFromTrack(track, webrtc.RTPTransceiverInit{Direction: webrtc.RTPTransceiverDirectionSendonly})
		if err != nil {
			return nil, nil, err
		}
		sender = transceiver.Sender()
		sender.OnKeyFrameRequest(func(string) { wanted.Store(true) })
	}
	return tracks, wanted, nil
}

func (c *clip) addSound(p *peer.Peer) (*webrtc.TrackLocalStaticSample, error) {
	if c.sound == nil {
		return nil, nil
	}
	track, err := webrtc.NewTrackLocalStaticSample(codecs.Opus, "sound", "clip")
	if err != nil {
		return nil, err
	}
	_, err = p.AddTransceiverFromTrack(track, webrtc.RTPTransceiverInit{Direction: webrtc.RTPTransceiverDirectionSendonly})
	return track, err
}

// playPicture plays all sizes side by side. A file cannot make a key frame when
// one is wanted, so that the picture jumps to the next that it has.
func (c *clip) playPicture(ctx context.Context, tracks []*webrtc.TrackLocalStaticSample, keyFrameWanted *atomic.Bool) error {
	length := len(c.layers[0].frames)
	for _, l := range c.layers {
		length = min(length, len(l.frames))
	}
	// So soon after a key frame, a request has crossed it on its way.
	const soon = 10
	pace := player.NewPace()
	for at, sinceKey := 0, 0; ; at, sinceKey = (at+1)%length, sinceKey+1 {
		if keyFrameWanted.Swap(false) && sinceKey > soon {
			at = c.nextKeyFrame(at, length)
		}
		if c.isKeyFrame(at) {
			sinceKey = 0
		}
		for i, l := range c.layers {
			if err := tracks[i].WriteSample(l.frames[at]); err != nil {
				return err
			}
		}
		if err := pace.Wait(ctx, c.layers[0].frames[at].Duration); err != nil {
			return err
		}
	}
}

// nextKeyFrame returns the first place from at on where all sizes have one: the
// beginning at the latest.
func (c *clip) nextKeyFrame(at, length int) int {
	for ; at < length; at++ {
		if c.isKeyFrame(at) {
			return at
		}
	}
	return 0
}

// isKeyFrame looks at the first bit of the frame tag (RFC 6386 §9.1).
func (c *clip) isKeyFrame(at int) bool {
	for _, l := range c.layers {
		if l.frames[at].Data[0]&1 != 0 {
			return false
		}
	}
	return true
}

func (c *clip) playSound(ctx context.Context, track *webrtc.TrackLocalStaticSample) error {
	pace := player.NewPace()
	for at := 0; ; at = (at + 1) % len(c.sound) {
		if err := track.WriteSample(c.sound[at]); err != nil {
			return err
		}
		if err := pace.Wait(ctx, c.sound[at].Duration); err != nil {
			return err
		}
	}
}
