# %% [markdown] tags=["slide"]
# # Show what a stride does, live
#
# Seven pictures from the lessons, with controls, and eight questions to vote on. Change a number and see what
# follows. On a page or a slide, where nothing runs, the buttons lead through the same story step by step.

# %% [markdown] tags=["script"]
# **How to use these scripts.** Each demo has one. *Ask* before you show; nobody learns from a picture that
# answers a question they have not put to themselves. *They will say* lists what you will hear and where it
# comes from; a name such as `output_size.called_invalid` is the mistake under which a check cell of the lessons
# reports the same idea. *Show* gives settings and what then stands on the screen, each line going on from the
# one before. *Say* is the sentence to leave them with.
#
# A vote takes three minutes: read the question, a minute of silence, count hands and enter them. If less than
# half have it right, do not reveal: let neighbours convince each other for two minutes and count again. The
# class sees each wrong choice's idea only after that.

# %%
from strided import demos

# %% [markdown] tags=["slide"]
# ## Move a window over an image
#
# Choose an operator, then move its window. You see the numbers that it reads, what becomes of them, and the
# formula with its indices filled in: as printed, counted from 1 and width first, and as coded, counted from 0
# and rows first.

# %%
demos.explore()

# %% [markdown] tags=["script"]
# **Ask.** The printed formula says i = 2, j = 1. Put your finger on the first pixel that this output reads.
#
# **They will say.**
# - "Second row, first column." They take the first index for the row
#   (`torch_to_numpy_index.first_index_is_the_row`). The documentation was written when images were stored width
#   first; the arrays are not.
# - "It starts at pixel 2." They count from 1, and forget that the first window starts at 0.
# - About convolution: "Output channel 0 reads input channel 0" (`conv2d.one_to_one`).
# - About convolution: "The kernel has to be turned first" (`conv2d.flipped_kernel`).
#
# **Show.**
# - `Operator Average pooling · Output column 1`: **rows 0 to 1, columns 2 to 4**. i = 2 is column 1: the second
#   window *across*. Then change only the output's row, and ask which of i and j moves.
# - `Padding above and below 1 · Padding left and right 1 · Output column 0`: **divisor 6**. Four of the window's cells are
#   padding, and they count.
# - `Count padding in the divisor off`: **divisor 2, not kH·kW = 6**. The same sum, and three times the average.
# - `Operator SubSampling`: **sum 12; weight 2, bias 1**. Its padding is gone: this layer has none.
# - `Operator Convolution · Padding above and below 0 · Padding left and right 0`: **Channel 0**, **Channel 1**. Two windows, two
#   kernels, one number.
#
# **Say.** Three operators, one window. They differ in what they do with the numbers, and in how many channels
# they look at; never in where they look.
#
# If a student's function is at hand, `demos.explore(conv2d)` draws the window that it reads beside the one that
# it should.

# %% [markdown] tags=["slide"]
# ## Vote: what does a stride leave out?
#
# A kernel of one pixel, moved by two.

# %%
demos.poll("skipped")

# %% [markdown] tags=["script"]
# **Ask.** Read it out as it stands; do not draw.
#
# **They will say.** Half, most of them: one axis, not two. Some take the quarter that *is* read for what is
# lost.
#
# **Show.**
# - `Reveal on`: **Right is D: three quarters**.
#
# **Say.** Networks do have such layers: the shortcut of a ResNet block that halves its image is one. Ask what
# it would take to read every pixel at stride 2. (A kernel of at least 2 × 2.)

# %% [markdown] tags=["slide"]
# ## Hop over the image, or keep every other result
#
# On the left the window hops. On the right it stops everywhere, and most of what was computed is crossed out.
# Both end with the same numbers; the work is counted below them.

# %%
demos.hop_or_keep()

# %% [markdown] tags=["script"]
# **Ask.** At stride 1 there are 30 outputs. Now the window moves by 2, down and across. How many outputs are
# left, and are they the same numbers as before?
#
# **They will say.**
# - "15." One axis again.
# - "Others: the pixels between are gone, so the sums change." They thin out the *image* and then apply the
#   window (`strided_from_dense.kept_before`). The window still sees neighbours; only its stops are fewer.
# - "A stride takes the mean of what it skips" (`keep_every.block_means`): they mistake it for pooling.
#
# **Show.**
# - `Stride down 1 · Stride across 1`: **throws 0 of 30 outputs away**. Let them write down the number under A.
# - `Stride down 2 · Stride across 2`: **same 9 numbers**, **throws 21 of 30 outputs away (70 %)**. A is what it
#   was. 9 and not 7.5: 5 rows of outputs keep rows 0, 2 and 4.
# - `Stride across 3`: **same 6 numbers**, **36 multiplications**, **180 multiplications**. Five times the work
#   for the same result.
# - `Kernel rows 1 · Kernel columns 1 · Stride across 2`: **36 of 48 input cells are never read**. That was the
#   vote.
#
# **Say.** A strided operator is the dense one, of which you keep every second result. Nobody computes it so;
# that is what it means. And it holds for a maximum as well as for a sum, since no output looks at another one.

# %% [markdown] tags=["slide"]
# ## Vote: how many outputs?
#
# Twelve pixels, and a stride that does not divide.

# %%
demos.poll("windows")

# %% [markdown] tags=["script"]
# **Ask.** Let them do it on paper: draw twelve pixels, lay windows.
#
# **They will say.** 2, if they remember a formula; 3, if they drew. Point that out. A few call the sizes
# invalid: some course notes do.
#
# **Show.**
# - `Reveal on`: **Right is C: 3**, **floor((12 − 5)/3) + 1 = 2 + 1 = 3**.
#
# **Say.** Divide what is left after the first window, round, then add the first window. In that order.

# %% [markdown] tags=["slide"]
# ## Count windows along one axis
#
# Each line is a window, and the number at its end the output that it makes. Hatched pixels are read by no
# window. Frameworks disagree about the last one.

# %%
demos.ruler()

# %% [markdown] tags=["script"]
# **Ask.** 8 pixels, windows of 3, stride 2. How many outputs? And if I cut the last pixel off?
#
# **They will say.**
# - "An error: 5/2 is no whole number" (`output_size.called_invalid`).
# - "4: half of 8" (`output_size.size_over_stride`). That is SAME, in TensorFlow and ONNX.
# - "2" (`output_size.steps_counted`): the steps between windows, and not the windows.
# - "One less without the last pixel." Rounding down is many-to-one.
#
# **Show.**
# - `Pixels 8`: **⌊(8 − 3)/2⌋ + 1 = ⌊2.5⌋ + 1 = 3 windows**, **Pixel 7 is never read**.
# - `Pixels 7`: **3 windows**, **Every pixel is read**. What you cut off was never looked at. Ask which other
#   sizes give 3: 7 and 8 only, as many as the stride has pixels.
# - `Pixels 12 · Kernel 5 · Stride 3`: **3 windows**. The vote; the formula that adds 1 before it divides gives
#   2.
# - `Pixels 8 · Kernel 3 · Stride 2 · Padding 1`: **4 windows**, **Output 0 reads −1 to 1**.
# - `Framework TensorFlow`: **4 windows**, **Output 0 reads 0 to 2**. The same size, and not one equal number: a
#   ported network runs, and is wrong. Ask how they would find out.
# - `Framework PyTorch · Pixels 5 · Kernel 1 · Stride 3 · Padding 0 · Round up (ceil mode) on`: **3 windows, of
#   which 2 stay**.
# - `Framework Torch7`: **Output 2 reads 6**. There is no pixel 6. Caffe does the same.
#
# **Say.** No stride is invalid. The question is what happens to the rest: floor forgets pixels, ceil invents
# them.

# %% [markdown] tags=["slide"]
# ## Vote: what stands in the corner?
#
# The dullest of all images, and one layer.

# %%
demos.poll("corner")

# %% [markdown] tags=["script"]
# **Ask.** Before they vote: "Is an average of sevens always seven?"
#
# **They will say.** 7, nearly all of them. It is a good answer, to another question: it needs a divisor of 4.
#
# **Show.**
# - `Reveal on`: **Right is C: about 3.11**, **4 · 7 / 9 = 3.11**.
#
# **Say.** PyTorch's default makes the border of every padded average darker. Ask who has met a network whose
# maps have a dark frame.

# %% [markdown] tags=["slide"]
# ## Compare what frameworks divide by
#
# One average pooling, five frameworks. Each number is what a window's sum is divided by; outlined are the
# windows that are not divided by their full size.

# %%
demos.divisors()

# %% [markdown] tags=["script"]
# **Ask.** The image, the window, the step and the padding are the same for all five. Which two of them agree in
# every number? Will the outputs at least have one shape?
#
# **They will say.**
# - "An average is an average: all divide by 6" (`divisor_map.whole_kernel`).
# - "Padding with zeros changes nothing: zeros add nothing." To the sum, no; to the divisor, yes.
# - "Then what hangs over the edge counts as well" (`divisor_map.overhang_counted`). In no framework.
#
# **Show.**
# - `Rows 5 · Columns 7`: **PyTorch (floor, padding counted), 2 × 3 outputs: 6 6 6; 6 6 6**, **Caffe (ceil,
#   padding counted), 2 × 4 outputs: 6 6 6 3; 6 6 6 3**, **ONNX (floor, padding not counted), 2 × 3 outputs: 4 4
#   4; 6 6 6**. Only Torch7 and PyTorch agree.
# - In the same picture, **TensorFlow (SAME, padding not counted), 2 × 4 outputs: 6 6 6 3; 4 4 4 2**: its
#   padding went to the bottom, so it is the *other* row that changes.
# - `Round up (ceil mode) on`: **PyTorch (ceil, padding counted), 2 × 4 outputs: 6 6 6 3; 6 6 6 3**. Padding
#   counts, the overhang does not: 3 rows times 1 column.
# - `Count padding no`: **PyTorch (ceil, padding not counted), 2 × 4 outputs: 4 4 4 2; 6 6 6 3**. Caffe does not
#   move: it cannot be asked.
#
# **Say.** If a ported network is right inside and wrong along the edge, look at the divisor. If all of it is
# wrong, look at where the windows start.

# %% [markdown] tags=["slide"]
# ## Vote: who hears one channel?
#
# Six channels in, sixteen out.

# %%
demos.poll("one_channel")

# %% [markdown] tags=["script"]
# **Ask.** "In how many of the sixteen maps can you see that I changed one number?"
#
# **They will say.** 1, from those who think of a channel as a picture that goes through by itself. 3, they
# would say, if the image had colours.
#
# **Show.**
# - `Reveal on`: **Right is D: 16**.
#
# **Say.** The three wrong numbers are all layers that exist. The next picture has each of them.

# %% [markdown] tags=["slide"]
# ## Push one channel, see which outputs move
#
# Choose a layer, then an input channel. The marks below the matrix are the answer; the bars say what each way
# of wiring has to learn. The sizes are LeNet-5's, from its six maps S2 to its sixteen maps C3.

# %%
demos.mixing()

# %% [markdown] tags=["script"]
# **Ask.** I push input channel 2 of a SubSampling layer. Which outputs move? Then the same for each layer in
# turn, with *Show what moves* switched off until they have answered.
#
# **They will say.**
# - About a full convolution: "Output 2" (`conv2d.one_to_one`), or "each input gives its own sixteen, 96 in
#   all". The 96 kernels exist; their results are added in sixes.
# - About 1 × 1: "It mixes nothing, it sees one pixel only." One pixel, of all channels.
# - About groups: "Every second channel" (`conv2d_groups.inputs_dealt_out`). Groups are blocks: the first three
#   inputs, the first eight outputs.
# - About SubSampling: "150 parameters", 6 · 5 · 5. It has one gain for a whole window.
#
# **Show.**
# - `Input channel 2 · Show what moves off`: **Which of the 6 outputs move with it?**
# - `Show what moves on`: **Input 2 moves output 2: 1 of 6**, **6 + 6 = 12**.
# - `Layer depthwise convolution`: **Input 2 moves output 2: 1 of 6**, **6·5·5 + 6 = 156**. The same matrix: who
#   talks to whom is one question, what is learnt is another.
# - `Layer LeNet-5's table`: **outputs 0, 1, 2, 6, 7, 8, 11, 13, 14, 15: 10 of 16**, **60·5·5 + 16 = 1,516**.
# - `Layer grouped convolution`: **8 of 16**, **48·5·5 + 16 = 1,216**.
# - `Layer 1 × 1 convolution`: **16 of 16**, **96 + 16 = 112**.
# - `Layer full convolution`: **16 of 16**, **96·5·5 + 16 = 2,416**.
#
# **Say.** "All input channels contribute to all output channels" is a choice, not what convolution means.
# LeNet-5 chose otherwise in 1998, and saved 900 parameters.

# %% [markdown] tags=["slide"]
# ## Vote: how much does SubSampling learn?
#
# Sixty-four channels, windows of four pixels.

# %%
demos.poll("learnt")

# %% [markdown] tags=["script"]
# **Ask.** Let those who vote for 320 say what they counted, before anyone corrects them.
#
# **They will say.** 0, because "pooling has nothing to learn"; 320, because "one weight for each pixel of a
# window".
#
# **Show.**
# - `Reveal on`: **Right is B: 128**.
#
# **Say.** 0, 128, 320 and 16,448 are four layers, each a case of the next: average pooling, SubSampling, a
# depthwise convolution, a full one. Every average is a SubSampling; hardly any SubSampling is an average.

# %% [markdown] tags=["slide"]
# ## Vote: what flows back?
#
# The loss is the sum of all outputs, so that each output's gradient is 1.

# %%
demos.poll("way_back")

# %% [markdown] tags=["script"]
# **Ask.** Let them draw the four windows below nine pixels first.
#
# **They will say.** All ones: "each pixel is used". Or a hill, from memory of stride 1.
#
# **Show.**
# - `Reveal on`: **Right is B: 1 1 2 1 2 1 2 1 1**.
#
# **Say.** To know what a pixel receives, ask who read it. That is all a backward pass does.

# %% [markdown] tags=["slide"]
# ## Count how often each pixel is read
#
# Bars are windows, numbers say how many of them read a pixel. Switch to what flows back: there the same windows
# add up what they send, and where they overlap you see it.

# %%
demos.coverage()

# %% [markdown] tags=["script"]
# **Ask.** Windows of 3 at stride 2, over 9 pixels. Which pixels matter twice?
#
# **They will say.**
# - "None: they lie side by side" (`coverage.stride_is_the_kernel`): pooling's habit of a step as large as the
#   window.
# - "The middle ones, three times" (`coverage.stride_ignored`): true at stride 1.
# - In two dimensions: "2 + 2" (`coverage.rows_and_columns_added`). Counts multiply.
# - On the way back: "The last window wins" (`avg_pool2d_backward.assigned_not_added`), or "the mean of what
#   arrives" (`avg_pool2d_backward.overlaps_averaged`).
#
# **Show.**
# - `Kernel 3 · Stride 2`: **1 1 2 1 2 1 2 1 1**.
# - `Stride 1`: **1 2 3 3 3 3 3 2 1**. The hill that they remember.
# - `Stride 2 · Kernel 4 · Columns 10`: **1 1 2 2 2 2 2 2 1 1**. Even inside, since 2 divides 4. Ask for another
#   kernel with which no pixel inside is favoured.
# - `Show reads of every pixel · Kernel 3 · Columns 9`: **2 2 4 2 4 2 4 2 2**. Run backward, as decoders do,
#   this is the checkerboard in generated images.
# - `Show what flows back to a pixel`: **receives 2 + (−4) + 5 + (−1) = 2**. Click other pixels; ask for the sum
#   first.
# - `Pixel's row 1 · Pixel's column 1`: **was read by out[0, 0], so it receives 2**.
#
# **Say.** Forward gathers, backward spreads, over the same windows. A pixel that is read twice is corrected
# twice, and one that nobody reads is never corrected.

# %% [markdown] tags=["slide"]
# ## Vote: what does one pixel change?
#
# Stripes, the finest there are, and every second pixel of them.

# %%
demos.poll("shifted")

# %% [markdown] tags=["script"]
# **Ask.** Before the vote: "A network that tells cats from dogs. May it change its mind when the cat moves by
# one pixel?"
#
# **They will say.** "Nearly nothing": they have heard that convolutional networks are shift invariant.
#
# **Show.**
# - `Reveal on`: **Right is D: every number changes its sign**.
#
# **Say.** At stride 1 the output moves with the image. The stride takes that away.

# %% [markdown] tags=["slide"]
# ## Vote: does an average help?
#
# The same stripes, with an average before every second result is kept.

# %%
demos.poll("blurred")

# %% [markdown] tags=["script"]
# **Ask.** Let them write down three neighbouring stripes and add them up.
#
# **They will say.** 0: "averaging smooths." With two neighbours it would; three are an odd number of stripes.
#
# **Show.**
# - `Reveal on`: **Right is B: from 1/3 to −1/3**.
#
# **Say.** A third of the mistake is left. The next picture has the blur that leaves none of it.

# %% [markdown] tags=["slide"]
# ## Move an image by one pixel
#
# Above, the image where it was; below, where it is now. Beside each the half-sized image, and both spectra: the
# hatched waves are too fine for half the pixels and are folded onto others.

# %%
demos.one_pixel_shift()

# %% [markdown] tags=["script"]
# **Ask.** Every second pixel of these stripes is kept. What is left of them? And after a shift by one pixel?
#
# **They will say.**
# - "Coarser stripes." There is nothing left but a flat image: half of the stripes were thrown away, all of one
#   colour.
# - "The output moves by half a pixel." True for slow waves; show 2 waves for that.
# - "Then blur the result" (`blur_subsample.blurred_after_keeping`). Too late: a flat image stays flat under any
#   blur.
# - "Any blur will do" (`blur_subsample.box_of_three`). The average of 3 leaves a third.
#
# **Show.**
# - `Shift 0`: **Shift 0: the halved image is all 1**.
# - `Shift 1`: **Shift 1: the halved image is all −1**. Move on to 2: all 1 again.
# - `Halve by average, k = 3`: **Shift 0: the halved image is all 0.333. Shift 1: the halved image is all
#   −0.333**.
# - `Halve by [1, 2, 1] / 4`: **Shift 1: the halved image is all 0**. This blur has a zero exactly at these
#   stripes.
# - `Halve by keep every 2nd · Waves across 6`: **6 waves become 2**. Follow the hatched bar: mirrored at 4.
# - `Waves across 2`: **2 waves still fit**. Nothing hatched, nothing lost.
#
# **Say.** Signal processing has said so all along: smooth, then keep. Keeping alone is the compressor, both
# together are decimation. A strided convolution *may* learn to smooth; nothing makes it.
