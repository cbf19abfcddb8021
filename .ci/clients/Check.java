import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.File;
import java.util.Arrays;
import java.util.Objects;
import org.openapitools.client.model.Operation;
import org.openapitools.client.model.OperationState;

/** Distinguishes, by the body alone, a booking that succeeded (first file) from an unknown one (second file). */
class Check {
    public static void main(String[] files) throws Exception {
        ObjectMapper mapper = new ObjectMapper();
        Operation made = mapper.readValue(new File(files[0]), Operation.class);
        Operation open = mapper.readValue(new File(files[1]), Operation.class);
        require(made.getState() == OperationState.SUCCEEDED, "the first has not succeeded");
        require(made.getOrder() != null && made.getOrder().getOrderId() != null, "the first has no order");
        require(results(made) == 1, "the first has more than one result");
        require(open.getState() == OperationState.UNKNOWN, "the second is not unknown");
        require(results(open) == 0, "the second has a result");
        System.out.println("Java: " + made.getOrder().getOrderId() + " succeeded, " + open.getId() + " is unknown");
    }

    /** The number of result members that are not null. */
    private static long results(Operation operation) {
        return Arrays.asList(operation.getOrder(), operation.getRefund(), operation.getChange(), operation.getRaw())
            .stream().filter(Objects::nonNull).count();
    }

    private static void require(boolean holds, String otherwise) {
        if (!holds) {
            throw new AssertionError(otherwise);
        }
    }
}
