package interop

import (
	"strings"
	"testing"

	"github.com/parleyrtc/webrtc"
)

// libraries are the peers outside browsers that send and decode media, and the
// video codecs that each has.
var libraries = map[string][]string{
	"aiortc":    {webrtc.MimeTypeVP8, webrtc.MimeTypeH264},
	"gstreamer": {webrtc.MimeTypeVP8, webrtc.MimeTypeH264},
	"pion":      {webrtc.MimeTypeVP8, webrtc.MimeTypeVP9, webrtc.MimeTypeAV1, webrtc.MimeTypeH264},
}

// payloadTypes are the numbers that we offer, for who wants to know them first.
var payloadTypes = map[string]int{webrtc.MimeTypeVP8: 96, webrtc.MimeTypeH264: 102}

// TestLibraryMedia sends clips to other libraries, and theirs here, both ways
// at once.
func TestLibraryMedia(t *testing.T) {
	for name, codecs := range libraries {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := thePeer(t, name)
			for _, mime := range codecs {
				for role, negotiate := range map[string]func(*session){"offerer": (*session).offers, "answerer": (*session).answers} {
					t.Run(strings.TrimPrefix(mime, "video/")+"/"+role, func(t *testing.T) {
						c := startCall(t, p, nil)
						video, audio := c.sends(loadClip(t, mime)), c.sends(loadClip(t, webrtc.MimeTypeOpus))
						c.prefers(video.sender, mime)
						camera := smallCamera(mime)
						camera["payload"] = payloadTypes[mime]
						c.theySend(camera)
						negotiate(c.session)
						c.waitConnected()
						video.play(0)
						audio.play(0)
						c.waitDecoded(video, 2*second)
						c.waitHeard()
						c.waitArrived(mime)
					})
				}
			}
		})
	}
}
