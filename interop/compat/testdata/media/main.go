// Media sends a clip's frames from one connection to another, as samples, and
// counts what the other one reads.
package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/pion/interceptor"
	"github.com/pion/rtcp"
	"github.com/pion/webrtc/v4"
	"github.com/pion/webrtc/v4/pkg/media"
	"github.com/pion/webrtc/v4/pkg/media/ivfwriter"
)

func main() {
	if err := run(); err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
}

func newAPI() (*webrtc.API, error) {
	engine := &webrtc.MediaEngine{}
	codec := webrtc.RTPCodecParameters{
		RTPCodecCapability: webrtc.RTPCodecCapability{MimeType: webrtc.MimeTypeVP8, ClockRate: 90000},
		PayloadType:        96,
	}
	if err := engine.RegisterCodec(codec, webrtc.RTPCodecTypeVideo); err != nil {
		return nil, err
	}
	registry := &interceptor.Registry{}
	if err := webrtc.RegisterDefaultInterceptors(engine, registry); err != nil {
		return nil, err
	}
	settings := webrtc.SettingEngine{}
	settings.SetIncludeLoopbackCandidate(true)
	return webrtc.NewAPI(webrtc.WithMediaEngine(engine), webrtc.WithInterceptorRegistry(registry), webrtc.WithSettingEngine(settings)), nil
}

func run() error {
	api, err := newAPI()
	if err != nil {
		return err
	}
	sender, err := api.NewPeerConnection(webrtc.Configuration{})
	if err != nil {
		return err
	}
	defer sender.Close()
	receiver, err := api.NewPeerConnection(webrtc.Configuration{})
	if err != nil {
		return err
	}
	defer receiver.Close()

	track, err := webrtc.NewTrackLocalStaticSample(webrtc.RTPCodecCapability{MimeType: webrtc.MimeTypeVP8}, "video", "pion")
	if err != nil {
		return err
	}
	rtpSender, err := sender.AddTrack(track)
	if err != nil {
		return err
	}
	go func() {
		for {
			if _, _, err := rtpSender.ReadRTCP(); err != nil {
				return
			}
		}
	}()
	file, err := ivfwriter.NewWith(io.Discard)
	if err != nil {
		return err
	}
	defer file.Close()
	enough := make(chan string, 1)
	receiver.OnTrack(func(remote *webrtc.TrackRemote, r *webrtc.RTPReceiver) {
		_ = receiver.WriteRTCP([]rtcp.Packet{&rtcp.PictureLossIndication{MediaSSRC: uint32(remote.SSRC())}})
		for n := 1; ; n++ {
			packet, _, err := remote.ReadRTP()
			if errors.Is(err, io.EOF) {
				return
			} else if err != nil {
				panic(err)
			}
			if err := file.WriteRTP(packet); err != nil {
				panic(err)
			}
			if n == 20 {
				enough <- fmt.Sprintf("%s %s of %s: %s", remote.Kind(), remote.ID(), remote.StreamID(), remote.Codec().MimeType)
			}
		}
	})
	if err := connect(sender, receiver); err != nil {
		return err
	}
	frame := append([]byte{0x10, 0x02, 0x00, 0x9d, 0x01, 0x2a, 0x10, 0x00, 0x10, 0x00}, make([]byte, 200)...)
	for range 1000 {
		if err := track.WriteSample(media.Sample{Data: frame, Duration: 20 * time.Millisecond}); err != nil {
			return err
		}
		select {
		case line := <-enough:
			fmt.Println(line)
			return nil
		case <-time.After(20 * time.Millisecond):
		}
	}
	return errors.New("nothing was received")
}

func connect(a, b *webrtc.PeerConnection) error {
	offer, err := a.CreateOffer(nil)
	if err != nil {
		return err
	}
	gathered := webrtc.GatheringCompletePromise(a)
	if err := a.SetLocalDescription(offer); err != nil {
		return err
	}
	<-gathered
	if err := b.SetRemoteDescription(*a.LocalDescription()); err != nil {
		return err
	}
	answer, err := b.CreateAnswer(nil)
	if err != nil {
		return err
	}
	gathered = webrtc.GatheringCompletePromise(b)
	if err := b.SetLocalDescription(answer); err != nil {
		return err
	}
	<-gathered
	return a.SetRemoteDescription(*b.LocalDescription())
}
