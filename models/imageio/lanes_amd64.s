#include "textflag.h"

// The factors of jdcolor.c in 16 bits: 1.402 - 1, 1.772 - 2, and for green -0.344136 beside 1 - 0.714136.
DATA factors<>+0(SB)/4, $0x66e966e9  // 26345, twice
DATA factors<>+4(SB)/4, $0xc5a2c5a2  // -14942, twice
DATA factors<>+8(SB)/4, $0x492ea7e6  // -22554 and 18734
DATA factors<>+12(SB)/4, $0x00008000 // half
DATA factors<>+16(SB)/4, $0x00800080 // 128, twice
DATA factors<>+20(SB)/4, $0x00010001 // 1, twice
GLOBL factors<>(SB), RODATA|NOPTR, $24

// COLORS makes sixteen pixels: luma y and chroma b and r, in words, become red, green and blue. Y12 to Y15 hold 1, 1 - 0.714136 and so on.
#define COLORS(y, b, r, red, green, blue) \
	VPSUBW     Y11, b, b            \
	VPSUBW     Y11, r, r            \
	VPUNPCKLWD r, b, green          \
	VPUNPCKHWD r, b, blue           \
	VPMADDWD   Y14, green, green    \
	VPMADDWD   Y14, blue, blue      \
	VPADDD     Y15, green, green    \
	VPADDD     Y15, blue, blue      \
	VPSRAD     $16, green, green    \
	VPSRAD     $16, blue, blue      \
	VPACKSSDW  blue, green, green   \
	VPSUBW     r, green, green      \
	VPADDW     y, green, green      \
	VPADDW     r, r, red            \
	VPMULHW    Y12, red, red        \
	VPADDW     b, b, b              \
	VPMULHW    Y13, b, blue         \
	VPSUBW     Y10, red, red        \
	VPSUBW     Y10, blue, blue      \
	VPSRAW     $1, red, red         \
	VPSRAW     $1, blue, blue       \
	VPADDW     r, red, red          \
	VPADDW     b, blue, blue        \
	VPADDW     y, red, red          \
	VPADDW     y, blue, blue

// func jpegColors(red, green, blue, luma, cb, cr *uint8, pixels int)
TEXT ·jpegColors(SB), NOSPLIT, $0-56
	MOVQ         red+0(FP), DI
	MOVQ         green+8(FP), R8
	MOVQ         blue+16(FP), R9
	MOVQ         luma+24(FP), SI
	MOVQ         cb+32(FP), R10
	MOVQ         cr+40(FP), R11
	MOVQ         pixels+48(FP), CX
	VPBROADCASTD factors<>+0(SB), Y12
	VPBROADCASTD factors<>+4(SB), Y13
	VPBROADCASTD factors<>+8(SB), Y14
	VPBROADCASTD factors<>+12(SB), Y15
	VPBROADCASTD factors<>+16(SB), Y11
	VPCMPEQW     Y10, Y10, Y10 // -1
	XORQ         AX, AX

pixels:
	VPMOVZXBW (SI)(AX*1), Y0
	VPMOVZXBW (R10)(AX*1), Y1
	VPMOVZXBW (R11)(AX*1), Y2
	COLORS(Y0, Y1, Y2, Y3, Y4, Y5)
	VPMOVZXBW 16(SI)(AX*1), Y0
	VPMOVZXBW 16(R10)(AX*1), Y1
	VPMOVZXBW 16(R11)(AX*1), Y2
	COLORS(Y0, Y1, Y2, Y6, Y7, Y8)
	VPACKUSWB Y6, Y3, Y3
	VPACKUSWB Y7, Y4, Y4
	VPACKUSWB Y8, Y5, Y5
	VPERMQ    $0xd8, Y3, Y3
	VPERMQ    $0xd8, Y4, Y4
	VPERMQ    $0xd8, Y5, Y5
	VMOVDQU   Y3, (DI)(AX*1)
	VMOVDQU   Y4, (R8)(AX*1)
	VMOVDQU   Y5, (R9)(AX*1)
	ADDQ      $32, AX
	CMPQ      AX, CX
	JLT       pixels
	VZEROUPPER
	RET

// func sumLanes(sums *uint16, near, far *uint8, samples int)
TEXT ·sumLanes(SB), NOSPLIT, $0-32
	MOVQ sums+0(FP), DI
	MOVQ near+8(FP), SI
	MOVQ far+16(FP), DX
	MOVQ samples+24(FP), CX
	XORQ AX, AX

samples:
	VPMOVZXBW (SI)(AX*1), Y0
	VPMOVZXBW (DX)(AX*1), Y1
	VPADDW    Y0, Y1, Y1
	VPADDW    Y0, Y0, Y0
	VPADDW    Y0, Y1, Y1
	VMOVDQU   Y1, (DI)(AX*2)
	ADDQ      $16, AX
	CMPQ      AX, CX
	JLT       samples
	VZEROUPPER
	RET

// func widenLanes(dst *uint8, sums *uint16, samples int, even, odd uint32)
TEXT ·widenLanes(SB), NOSPLIT, $0-32
	MOVQ         dst+0(FP), DI
	MOVQ         sums+8(FP), SI
	MOVQ         samples+16(FP), CX
	MOVL         even+24(FP), R8
	MOVL         odd+28(FP), R9
	VMOVD        R8, X14
	VMOVD        R9, X15
	VPBROADCASTD X14, Y14
	VPBROADCASTD X15, Y15
	XORQ         AX, AX

samples:
	VMOVDQU (SI)(AX*2), Y0
	VPADDW  Y0, Y0, Y1
	VPADDW  Y1, Y0, Y0
	VPADDW  -2(SI)(AX*2), Y0, Y1
	VPADDW  2(SI)(AX*2), Y0, Y2
	VPADDW  Y14, Y1, Y1
	VPADDW  Y15, Y2, Y2
	VPSRLW  $4, Y1, Y1
	VPSRLW  $4, Y2, Y2
	VPSLLW  $8, Y2, Y2
	VPOR    Y1, Y2, Y2
	VMOVDQU Y2, (DI)(AX*2)
	ADDQ    $16, AX
	CMPQ    AX, CX
	JLT     samples
	VZEROUPPER
	RET
