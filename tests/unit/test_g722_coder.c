#include "codecs/g722_coder.h"

#include <criterion/criterion.h>
#include <libavcodec/avcodec.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Held bit for bit against libavcodec, which reproduces ITU's test sequences. */

enum { FRAME = 320, FRAMES = 2000 };

static void sound(int16_t pcm[static FRAME], int frame)
{
    for (int i = 0; i < FRAME; i++) {
        double t = (frame * FRAME + i) / 16000.0;
        int noise = rand();
        switch (frame / 100 % 5) {
        case 0:
            pcm[i] = (int16_t)(noise % 65536 - 32768);
            break;
        case 1:
            pcm[i] = (int16_t)(20000 * sin(2 * M_PI * 440 * t));
            break;
        case 2:
            pcm[i] = noise & 1024 ? 32767 : -32768;
            break;
        case 3:
            pcm[i] = 0;
            break;
        default:
            pcm[i] = (int16_t)(8000 * sin(4000 * M_PI * sin(t) * t) + noise % 200);
        }
    }
}

static AVCodecContext *open_codec(const AVCodec *codec)
{
    cr_assert_not_null(codec);
    AVCodecContext *c = avcodec_alloc_context3(codec);
    c->sample_rate = 16000;
    c->sample_fmt = AV_SAMPLE_FMT_S16;
    c->frame_size = FRAME;
    av_channel_layout_default(&c->ch_layout, 1);
    cr_assert_eq(avcodec_open2(c, codec, NULL), 0);
    return c;
}

Test(g722_coder, encodes_as_libavcodec_does)
{
    AVCodecContext *c = open_codec(avcodec_find_encoder(AV_CODEC_ID_ADPCM_G722));
    AVFrame *f = av_frame_alloc();
    AVPacket *pkt = av_packet_alloc();
    struct g722_coder coder;
    g722_coder_init(&coder);
    srand(1);
    for (int frame = 0; frame < FRAMES; frame++) {
        int16_t pcm[FRAME];
        uint8_t ours[FRAME / 2];
        sound(pcm, frame);
        f->nb_samples = FRAME;
        f->format = AV_SAMPLE_FMT_S16;
        f->sample_rate = 16000;
        cr_assert_geq(av_channel_layout_copy(&f->ch_layout, &c->ch_layout), 0);
        cr_assert_eq(av_frame_get_buffer(f, 0), 0);
        memcpy(f->data[0], pcm, sizeof pcm);
        cr_assert_eq(avcodec_send_frame(c, f), 0);
        av_frame_unref(f);
        cr_assert_eq(avcodec_receive_packet(c, pkt), 0);
        g722_coder_encode(&coder, pcm, FRAME, ours);
        cr_assert_eq(pkt->size, FRAME / 2);
        cr_assert_eq(memcmp(ours, pkt->data, sizeof ours), 0, "frame %d", frame);
        av_packet_unref(pkt);
    }
    av_frame_free(&f);
    av_packet_free(&pkt);
    avcodec_free_context(&c);
}

/* Half of it real codes, half whatever bytes. */
Test(g722_coder, decodes_as_libavcodec_does)
{
    AVCodecContext *c = open_codec(avcodec_find_decoder(AV_CODEC_ID_ADPCM_G722));
    AVFrame *f = av_frame_alloc();
    AVPacket *pkt = av_packet_alloc();
    struct g722_coder encoder, decoder;
    g722_coder_init(&encoder);
    g722_coder_init(&decoder);
    srand(2);
    for (int frame = 0; frame < FRAMES; frame++) {
        int16_t pcm[FRAME], ours[FRAME];
        cr_assert_eq(av_new_packet(pkt, FRAME / 2), 0);
        sound(pcm, frame);
        g722_coder_encode(&encoder, pcm, FRAME, pkt->data);
        for (int i = 0; frame % 200 >= 100 && i < FRAME / 2; i++)
            pkt->data[i] = (uint8_t)rand();
        cr_assert_eq(avcodec_send_packet(c, pkt), 0);
        cr_assert_eq(avcodec_receive_frame(c, f), 0);
        g722_coder_decode(&decoder, pkt->data, FRAME / 2, ours);
        cr_assert_eq(f->nb_samples, FRAME);
        cr_assert_eq(memcmp(ours, f->data[0], sizeof ours), 0, "frame %d", frame);
        av_packet_unref(pkt);
        av_frame_unref(f);
    }
    av_frame_free(&f);
    av_packet_free(&pkt);
    avcodec_free_context(&c);
}

Test(g722_coder, a_copy_continues)
{
    struct g722_coder a, b;
    int16_t pcm[FRAME];
    uint8_t from_a[FRAME / 2], from_b[FRAME / 2];
    g722_coder_init(&a);
    srand(3);
    for (int frame = 0; frame < 150; frame++) {
        sound(pcm, frame);
        b = a;
        g722_coder_encode(&a, pcm, FRAME, from_a);
        g722_coder_encode(&b, pcm, FRAME, from_b);
        cr_assert_eq(memcmp(from_a, from_b, sizeof from_a), 0);
    }
}
